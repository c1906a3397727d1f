/* policy_priv.h - what reading and writing a policy share. */
#ifndef SUPERVISION_POLICY_PRIV_H
#define SUPERVISION_POLICY_PRIV_H
#include "supervision/policy.h"
#include <string.h>

#define HAS_KIND(k) ((uint32_t)POLICY_HAS_KIND << (k))
#define MAX_CODE    UINT32_C(2147483647)
#define HOST_CODES  ((uint32_t)ERR_NOMEM) /* the first of base/err.def */

/* The largest first: writing takes the first that divides. */
static const struct {
    const char *name;
    uint32_t ms;
} policy_units[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};

/* The table of host errors has no gaps. */
static inline bool
is_host_code(uint32_t code)
{
    return code >= HOST_CODES && code <= MAX_CODE && strcmp(err_name((int)code), err_name(0)) != 0;
}

#endif
