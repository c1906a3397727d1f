#include "fixture.h"
#include <string.h>

TestSuite(call_send, .init = rig_start, .fini = rig_stop);

Test(call_send, a_tell_reaches_its_target)
{
    actor_ref a = rig_spawn_small();

    rig_num(a, 42);
    rig_run();
    cr_assert_str_eq(rig_nums(a), "42");
    cr_assert_eq(rig_small(a)->n, 1);
}
