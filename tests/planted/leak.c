/* A block that nobody frees. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static void *volatile kept;

Test(planted, a_block_is_lost)
{
    kept = malloc(100);
    cr_assert_not_null(kept);
    memset(kept, 1, 100);
    kept = NULL;
}
