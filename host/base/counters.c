/* counters.c - the rows' texts, and adding up. */
#include "base/counters.h"

static const struct {
    const char *name, *unit, *text;
} rows[COUNTER_N] = {
#define COUNTER(name, unit, text) {#name, unit, text},
#include "base/counters.def"
#undef COUNTER
};

uint64_t
counters_sum(const struct counters *const *all, size_t n, enum counter id)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < n; i++)
        if (all[i] != NULL)
            sum += counters_value(all[i], id); /* partner: counter_add */
    return sum;
}

void
counters_read(const struct counters *const *all, size_t n, uint64_t ret[COUNTER_N])
{
    for (unsigned id = 0; id < COUNTER_N; id++)
        ret[id] = counters_sum(all, n, (enum counter)id);
}

const char *
counter_name(enum counter id)
{
    return rows[id].name;
}

const char *
counter_unit(enum counter id)
{
    return rows[id].unit;
}

const char *
counter_text(enum counter id)
{
    return rows[id].text;
}
