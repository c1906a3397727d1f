/* Plugins built with every released SDK load into this host, and mean what they meant. */
#include "../unit/plugin/fixture.h"
#include "plugin/catalogue.h"
#include <dirent.h>
#include <sys/utsname.h>

static char dir[4096]; /* of one test; each test is a process of its own or runs alone */
static struct types types;
static struct catalogue *c;
static struct err err;

static void
start(void)
{
    char data[4200];
    struct catalogue_config cfg = {.env = env_real(), .types = &types, .data_dir = data};

    temp_dir_make(dir, sizeof dir);
    snprintf(data, sizeof data, "%s/data", dir);
    types_init(&types, env_real(), 0);
    cr_assert_eq(catalogue_new(&c, &cfg, &err), 0, "%s", err.text);
}

static void
stop(void)
{
    catalogue_free(c);
    types_fini(&types);
    temp_dir_remove(dir);
}

TestSuite(museum, .init = start, .fini = stop);

/* The museum's file of an SDK version for this machine, copied: a checkout may belong to another user. */
static bool
piece(const char *sdk, char *ret_path, size_t bytes)
{
    struct utsname machine;
    struct bytes b = {NULL, 0};
    char path[4096];
    FILE *f;
    long n;

    cr_assert_eq(uname(&machine), 0);
    snprintf(path, sizeof path, "%s/%s/relic-%s.so", getenv("MUSEUM_DIR"), sdk, machine.machine);
    f = fopen(path, "rb");
    if (f == NULL)
        return false;
    fseek(f, 0, SEEK_END);
    n = ftell(f);
    rewind(f);
    b.n = (size_t)n;
    b.p = malloc(b.n);
    cr_assert_not_null(b.p);
    cr_assert_eq(fread(b.p, 1, b.n, f), b.n);
    fclose(f);
    snprintf(ret_path, bytes, "%s/relic-%s.so", dir, sdk);
    f = fopen(ret_path, "wb");
    cr_assert_not_null(f);
    cr_assert_eq(fwrite(b.p, 1, b.n, f), b.n);
    fclose(f);
    free(b.p);
    return true;
}

/* Calls fn for each SDK version in the museum; returns how many have a piece for this machine. */
static unsigned
for_each_piece(void (*fn)(const char *path, const char *sdk))
{
    DIR *d = opendir(getenv("MUSEUM_DIR"));
    struct dirent *e;
    unsigned n = 0;
    char path[4400];

    cr_assert_not_null(d);
    while ((e = readdir(d)) != NULL)
        if (e->d_name[0] >= '0' && e->d_name[0] <= '9' && piece(e->d_name, path, sizeof path)) {
            fn(path, e->d_name);
            n++;
        }
    closedir(d);
    return n;
}

static const struct schema *
same_name(const struct schema_set *set, const struct schema *s)
{
    for (size_t i = 0; i < set->n; i++)
        if (set->v[i]->form == s->form && strcmp(set->v[i]->name, s->name) == 0)
            return set->v[i];
    return NULL;
}

static void
loads(const char *path, const char *sdk)
{
    struct version *old = NULL, *now = NULL;
    struct swap_plan *plan = NULL;

    cr_assert_eq(catalogue_load(c, path, 0, &old, NULL, &err), 0, "SDK %s: %s", sdk, err.text);
    cr_expect_str_eq(old->manifest->name, "relic");
    cr_expect_eq(old->descriptor.nbehaviours, 2);
    cr_expect_eq(old->descriptor.behaviours[0].nrows + old->descriptor.behaviours[1].nrows, 11);
    cr_expect(audit_pure(&old->manifest->audit));
    cr_assert_not_null(old->manifest->config);
    cr_assert_eq(catalogue_load(c, plugin_path("relic"), 0, &now, NULL, &err) < 0, 0, "%s", err.text);

    /* The same list in the SDK of today: same meaning, same bytes. */
    for (size_t i = 0; i < old->manifest->schemas->n; i++) {
        const struct schema *was = old->manifest->schemas->v[i], *is = same_name(now->manifest->schemas, was);

        if (strncmp(was->name, "relic.", 6) != 0)
            continue; /* the host's own messages may grow */
        cr_assert_not_null(is, "SDK %s: %s is gone", sdk, was->name);
        cr_expect(schema_same(was, is), "SDK %s: %s has another layout", sdk, was->name);
    }
    cr_assert_eq(swap_plan_new(&plan, env_real(), old->manifest, now->manifest, false, NULL, &err), 0);
    cr_expect_neq(plan->verdict, SWAP_IMPOSSIBLE, "SDK %s: %s", sdk, err.text);
    swap_plan_free(plan);
    catalogue_activate(c, now);
    cr_expect_eq(catalogue_unload(c, old, &err), 0, "%s", err.text);
}

Test(museum, a_plugin_of_every_released_sdk_loads_and_means_what_it_meant)
{
    struct utsname machine;
    unsigned n = for_each_piece(loads);

    cr_assert_eq(uname(&machine), 0);
    if (strcmp(machine.machine, "x86_64") == 0)
        cr_expect_gt(n, 0);
}
