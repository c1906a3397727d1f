/* A memory block is used after it went back to its pool, and one is put back twice. */
#include "base/pool.h"
#include <criterion/criterion.h>

static struct depot depot;
static struct pool pool;

static unsigned char *
block_put_back(void)
{
    unsigned char *b;

    depot_init(&depot, env_real());
    pool_init(&pool, &depot, NULL);
    b = pool_get(&pool, 0);
    cr_assert_not_null(b);
    b[0] = 1;
    pool_put(&pool, 0, b);
    return b;
}

Test(planted, a_free_block_is_read)
{
    cr_assert_eq(*(volatile unsigned char *)block_put_back(), 1);
}

Test(planted, a_block_is_put_back_twice)
{
    pool_put(&pool, 0, block_put_back());
}
