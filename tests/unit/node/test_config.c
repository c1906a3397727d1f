/* test_config.c - values, defaults, origins, drop-ins, dumps, reloads. */
#include "base/random.h"
#include "base/util.h"
#include "node/config.h"
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct config_world world = {
    .root = true, .cpus = 4, .cwd = "/etc/actord", .plugin_dir = "/usr/lib/actord/plugins"};

/* A configuration without errors, or the test ends with what was wrong. */
static struct config *
load_in(const char *ini, const struct config_world *w)
{
    struct config *c = NULL;
    struct strbuf out;
    struct diags d;
    int r;

    diags_init(&d);
    strbuf_init(&out);
    r = config_load_text(&c, "node.ini", ini, strlen(ini), w, &d);
    diags_print(&d, &out, false);
    cr_assert_eq(r, 0, "%s", strbuf_str(&out));
    strbuf_fini(&out);
    diags_fini(&d);
    return c;
}

static struct config *
load(const char *ini)
{
    return load_in(ini, &world);
}

static const struct setting *
setting(const struct config *c, const char *section, const char *name, const char *key)
{
    vec_each (s, &c->sections)
        if (strcmp((*s)->kind->name, section) == 0 && strcmp((*s)->name, name) == 0)
            vec_each (x, &(*s)->settings)
                if (strcmp(x->name, key) == 0)
                    return x;
    return NULL;
}

static const char full[] = "# every key\r\n"
                           "[node]\r\n"
                           "name = alpha\n"
                           "data_dir = ./data/\n"
                           "stop_timeout = 2500ms\n"
                           "\n"
                           "  # an indented comment\n"
                           "[scheduler]\n"
                           "threads=2\n"
                           "slice_turns\t=\t500\n"
                           "slice_time = 100us\n"
                           "watchdog = off\n"
                           "hard_limit = 5s\n"
                           "blocking_threads = 8\n"
                           "[log]\n"
                           "level = debug\n"
                           "format = json\n"
                           "file = /var/log/actord.log\n"
                           "[control]\n"
                           "socket = run/a.sock\n"
                           "clients = 3\n"
                           "[plugins]\n"
                           "dir = a, /b\n"
                           "dir = c\n"
                           "unload = drained\n"
                           "allow = fork,exec\n"
                           "[plugin greeter]\n"
                           "path = greeter.so\n"
                           "version = 1.0.0\n"
                           "allow = signal\n"
                           "greeting = good day #1\n"
                           "empty =\n"
                           "[actor first]\n"
                           "behaviour = greeter\n"
                           "alias = one, two\n"
                           "on_failure = 7: restart, any: stop\n"
                           "arg.times = 3";

Test(config, every_key_reaches_its_field)
{
    struct config *c = load(full);

    cr_expect_str_eq(c->node.name, "alpha");
    cr_expect_str_eq(c->node.data_dir, "/etc/actord/data");
    cr_expect_eq(c->node.stop_timeout_ns, 2500 * KEY_MS);
    cr_expect_eq(c->scheduler.threads, 2);
    cr_expect_eq(c->scheduler.slice_turns, 500);
    cr_expect_eq(c->scheduler.slice_time_ns, 100 * KEY_US);
    cr_expect_eq(c->scheduler.watchdog_ns, 0);
    cr_expect_eq(c->scheduler.hard_limit_ns, 5 * KEY_S);
    cr_expect_eq(c->scheduler.blocking_threads, 8);
    cr_expect_eq(c->log.level, 0);
    cr_expect_eq(c->log.format, 1);
    cr_expect_str_eq(c->log.file, "/var/log/actord.log");
    cr_expect_str_eq(c->control.socket, "/etc/actord/run/a.sock");
    cr_expect_eq(c->control.clients, 3);
    cr_assert_eq(c->plugins.dir.n, 3);
    cr_expect_str_eq(c->plugins.dir.v[0], "/etc/actord/a");
    cr_expect_str_eq(c->plugins.dir.v[1], "/b");
    cr_expect_str_eq(c->plugins.dir.v[2], "/etc/actord/c");
    cr_expect_eq(c->plugins.unload, 1);
    cr_expect_eq(c->plugins.allow, 1u << 1 | 1u << 2);
    cr_assert_eq(c->plugin.n, 1);
    cr_expect_str_eq(c->plugin.v[0].name, "greeter");
    cr_expect_str_eq(c->plugin.v[0].keys.path, "/etc/actord/greeter.so");
    cr_expect_str_eq(c->plugin.v[0].keys.version, "1.0.0");
    cr_expect_eq(c->plugin.v[0].keys.allow, 1u << 5);
    cr_assert_eq(c->plugin.v[0].nown, 2);
    cr_expect_str_eq(c->plugin.v[0].own[0].name, "greeting");
    cr_expect_str_eq(c->plugin.v[0].own[0].text, "good day #1");
    cr_expect_str_eq(c->plugin.v[0].own[1].text, "");
    cr_assert_eq(c->actor.n, 1);
    cr_expect_str_eq(c->actor.v[0].name, "first");
    cr_expect_str_eq(c->actor.v[0].keys.behaviour, "greeter");
    cr_expect_eq(c->actor.v[0].keys.alias.n, 2);
    cr_expect_str_eq(c->actor.v[0].keys.on_failure, "7: restart, any: stop");
    cr_assert_eq(c->actor.v[0].nargs, 1);
    cr_expect_str_eq(c->actor.v[0].args[0].name, "times");
    cr_expect_str_eq(c->actor.v[0].args[0].text, "3");
    config_free(c);
}

Test(config, an_empty_file_gives_the_defaults_of_this_machine)
{
    struct config *c = load("");

    cr_expect_str_eq(c->node.name, "actord");
    cr_expect_str_eq(c->node.data_dir, "/var/lib/actord");
    cr_expect_eq(c->node.stop_timeout_ns, 10 * KEY_S);
    cr_expect_eq(c->scheduler.threads, 4);
    cr_expect_eq(c->scheduler.slice_turns, 1000);
    cr_expect_eq(c->scheduler.slice_time_ns, 200 * KEY_US);
    cr_expect_eq(c->scheduler.watchdog_ns, KEY_S);
    cr_expect_eq(c->scheduler.hard_limit_ns, 0);
    cr_expect_eq(c->log.level, 1);
    cr_expect_null(c->log.file);
    cr_expect_str_eq(c->control.socket, "/run/actord/actord.sock");
    cr_assert_eq(c->plugins.dir.n, 1);
    cr_expect_str_eq(c->plugins.dir.v[0], "/usr/lib/actord/plugins");
    cr_expect_eq(c->plugins.unload, 0);
    cr_expect_null(setting(c, "node", "", "name")->origin);
    config_free(c);
}

Test(config, without_root_the_defaults_lie_in_the_folders_of_the_user)
{
    struct config_world w = {.cpus = 1, .cwd = "/", .home = "/home/u", .plugin_dir = "/p"};
    struct config *c = load_in("[node]\nname = n\n", &w);

    cr_expect_str_eq(c->node.data_dir, "/home/u/.local/state/actord");
    cr_expect_str_eq(c->control.socket, "/run/actord/n.sock");
    config_free(c);
    w.state_home = "/s";
    w.runtime_dir = "/r";
    c = load_in("[node]\nname = n\n", &w);
    cr_expect_str_eq(c->node.data_dir, "/s/actord");
    cr_expect_str_eq(c->control.socket, "/r/actord/n.sock");
    config_free(c);
}

Test(config, without_any_folder_for_data_the_key_is_asked_for)
{
    struct config_world w = {.cpus = 1, .cwd = "/", .plugin_dir = "/p"};
    struct config *c = NULL;
    struct diags d;

    diags_init(&d);
    cr_assert_eq(config_load_text(&c, "node.ini", "", 0, &w, &d), -ERR_CONFIG);
    cr_assert_geq(d.list.n, 1);
    cr_expect_not_null(strstr(d.list.v[0].message, "data_dir has no default here"));
    cr_expect_str_eq(d.list.v[0].fix, "set data_dir");
    diags_fini(&d);
}

Test(config, each_value_knows_the_line_it_comes_from)
{
    struct config *c = load(full);

    cr_expect_str_eq(setting(c, "node", "", "name")->origin, "node.ini:3");
    cr_expect_str_eq(setting(c, "plugins", "", "dir")->origin, "node.ini:23, node.ini:24");
    cr_expect_str_eq(setting(c, "actor", "first", "arg.times")->origin, "node.ini:37");
    cr_expect_str_eq(c->plugin.v[0].origin, "node.ini:27");
    config_free(c);
}

Test(config, a_dump_reads_back_as_the_same_configuration)
{
    static const char *const inis[] = {full, "",
                                       "[plugin a]\n[plugins]\ndir =\n[actor b]\nbehaviour = x.y\n"};

    for (size_t i = 0; i < ARRAY_LEN(inis); i++) {
        struct config *c = load(inis[i]), *again;
        struct config_changes ch;
        struct strbuf one, two;

        strbuf_init(&one);
        strbuf_init(&two);
        config_dump(c, &one);
        again = load(strbuf_str(&one));
        cr_assert_eq(config_diff(&ch, c, again), 0);
        config_changes_print(&ch, &two);
        cr_expect_str_eq(strbuf_str(&two), "nothing changed\n");
        config_changes_fini(&ch);
        strbuf_fini(&one);
        strbuf_fini(&two);
        config_free(c);
        config_free(again);
    }
}

Test(config, a_list_too_long_for_a_line_is_dumped_in_several)
{
    struct strbuf ini, out;
    struct config *c, *again;

    strbuf_init(&ini);
    strbuf_init(&out);
    strbuf_puts(&ini, "[plugins]\n");
    for (int i = 0; i < 5; i++)
        strbuf_printf(&ini, "dir = /%0*d/%d\n", 150, 0, i);
    c = load(strbuf_str(&ini));
    config_dump(c, &out);
    again = load(strbuf_str(&out));
    cr_assert_eq(again->plugins.dir.n, 5);
    for (size_t i = 0; i < 5; i++)
        cr_expect_str_eq(again->plugins.dir.v[i], c->plugins.dir.v[i]);
    strbuf_fini(&ini);
    strbuf_fini(&out);
    config_free(c);
    config_free(again);
}

Test(config, the_json_dump_has_typed_values_and_origins)
{
    struct config *c = load("[scheduler]\nthreads = 2\n[plugins]\nallow = exec\n[plugin p]\nx = 1\n");
    struct strbuf out;
    struct json j;

    strbuf_init(&out);
    json_init(&j, &out);
    config_dump_json(c, &j);
    cr_expect_not_null(strstr(strbuf_str(&out), "\"threads\":2,"));
    cr_expect_not_null(strstr(strbuf_str(&out), "\"allow\":[\"exec\"]"));
    cr_expect_not_null(strstr(strbuf_str(&out), "\"plugin\":{\"p\":{\"x\":\"1\"}}"));
    cr_expect_not_null(
        strstr(strbuf_str(&out),
               "{\"section\":\"scheduler\",\"name\":null,\"key\":\"threads\",\"origin\":\"node.ini:2\"}"));
    strbuf_fini(&out);
    config_free(c);
}

Test(config, a_value_that_just_fits_its_line_is_dumped_so_that_it_fits_again)
{
    struct strbuf ini, out;
    struct config *c, *again;

    strbuf_init(&ini);
    strbuf_init(&out);
    strbuf_printf(&ini, "[plugin p]\nx=%0*d\n", 196, 7);
    c = load(strbuf_str(&ini));
    config_dump(c, &out);
    again = load(strbuf_str(&out));
    cr_expect_str_eq(again->plugin.v[0].own[0].text, c->plugin.v[0].own[0].text);
    strbuf_fini(&ini);
    strbuf_fini(&out);
    config_free(c);
    config_free(again);
}

/* A few bytes of the file changed, removed or doubled. */
static void
mutate(struct rng *r, char *text, size_t *len, size_t cap)
{
    static const char alphabet[] = "=[]#; \t\n\r:,.\"0aZ\xc3\xa4\x00~/_-";

    for (uint64_t n = 1 + rng_below(r, 6); n > 0 && *len > 1; n--) {
        size_t at = (size_t)rng_below(r, *len), span = (size_t)rng_below(r, 8);

        switch (rng_below(r, 4)) {
        case 0:
            text[at] = alphabet[rng_below(r, sizeof alphabet - 1)];
            break;
        case 1:
            text[at] = (char)rng_u64(r);
            break;
        case 2:
            span = span < *len - at ? span : *len - at;
            memmove(text + at, text + at + span, *len - at - span);
            *len -= span;
            break;
        default:
            span = span < *len - at ? span : *len - at;
            if (*len + span <= cap) {
                memmove(text + at + span, text + at, *len - at);
                *len += span;
            }
            break;
        }
    }
}

Test(config, damaged_files_are_refused_or_mean_what_their_dump_means)
{
    size_t accepted = 0, refused = 0;
    struct rng r;

    rng_seed(&r, 20261122);
    for (int i = 0; i < 3000; i++) {
        char text[sizeof full + 64];
        size_t len = sizeof full - 1;
        struct config *c = NULL, *again;
        struct config_changes ch;
        struct strbuf dump;
        struct diags d;

        memcpy(text, full, len);
        mutate(&r, text, &len, sizeof text);
        diags_init(&d);
        if (config_load_text(&c, "node.ini", text, len, &world, &d) < 0) {
            refused++;
            cr_assert_geq(diags_count(&d), 1, "round %d", i);
            diags_fini(&d);
            continue;
        }
        accepted++;
        diags_fini(&d);
        strbuf_init(&dump);
        config_dump(c, &dump);
        again = load(strbuf_str(&dump));
        cr_assert_eq(config_diff(&ch, c, again), 0);
        cr_assert_eq(ch.list.n, 0, "round %d", i);
        config_changes_fini(&ch);
        strbuf_fini(&dump);
        config_free(c);
        config_free(again);
    }
    cr_expect_gt(accepted, 100);
    cr_expect_gt(refused, 1000);
}

/* --- files --- */

static char dir[64];

static void
make_dir(void)
{
    strcpy(dir, "/tmp/actord-test-XXXXXX");
    cr_assert_not_null(mkdtemp(dir));
}

static void
remove_dir(void)
{
    char cmd[128];

    snprintf(cmd, sizeof cmd, "rm -rf %s", dir);
    cr_assert_eq(system(cmd), 0);
}

static const char *
put(const char *name, const char *text)
{
    static char path[160];
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", dir, name);
    f = fopen(path, "w");
    cr_assert_not_null(f);
    cr_assert_geq(fputs(text, f), 0);
    cr_assert_eq(fclose(f), 0);
    return path;
}

static void
make_drop_in_dir(void)
{
    char path[160];

    snprintf(path, sizeof path, "%s/node.ini.d", dir);
    cr_assert_eq(mkdir(path, 0755), 0);
}

TestSuite(config_files, .init = make_dir, .fini = remove_dir);

Test(config_files, drop_ins_win_in_byte_order_and_lists_grow_unless_emptied)
{
    struct config *c = NULL;
    char path[160], want[200];
    struct diags d;

    make_drop_in_dir();
    put("node.ini.d/20-b.ini", "[log]\nlevel = error\n[plugins]\nallow =\nallow = exit\n");
    put("node.ini.d/10-a.ini", "[log]\nlevel = warn\nformat = json\n[plugins]\ndir = b\n");
    put("node.ini.d/Z.ini", "[scheduler]\nthreads = 7\n");
    put("node.ini.d/30.ini~", "broken");
    put("node.ini.d/.hidden.ini", "broken");
    strcpy(path, put("node.ini",
                     "[log]\nlevel = debug\n[scheduler]\nthreads = 2\n[plugins]\ndir = a\nallow = fork\n"));
    diags_init(&d);
    cr_assert_eq(config_load(&c, path, &world, &d), 0);
    cr_expect_eq(c->log.level, 3);
    cr_expect_eq(c->log.format, 1);
    cr_expect_eq(c->scheduler.threads, 7);
    cr_expect_eq(c->plugins.allow, 1u << 4);
    cr_assert_eq(c->plugins.dir.n, 2);
    snprintf(want, sizeof want, "%s/node.ini.d/b", dir); /* relative to the file it stands in */
    cr_expect_str_eq(c->plugins.dir.v[1], want);
    snprintf(want, sizeof want, "%s.d/20-b.ini:2", path);
    cr_expect_str_eq(setting(c, "log", "", "level")->origin, want);
    config_free(c);
    diags_fini(&d);
}

Test(config_files, errors_of_all_files_are_found_together)
{
    struct config *c = NULL;
    char path[160];
    struct diags d;

    make_drop_in_dir();
    put("node.ini.d/1.ini", "[nod]\n");
    put("node.ini.d/2.ini", "[node]\nname = ?\n");
    strcpy(path, put("node.ini", "[log]\nlevel = x\n"));
    diags_init(&d);
    cr_assert_eq(config_load(&c, path, &world, &d), -ERR_CONFIG);
    cr_assert_eq(d.list.n, 3);
    cr_expect_str_eq(d.list.v[0].at.file, path);
    cr_expect_not_null(strstr(d.list.v[1].at.file, "node.ini.d/1.ini"));
    cr_expect_not_null(strstr(d.list.v[2].at.file, "node.ini.d/2.ini"));
    diags_fini(&d);
}

Test(config_files, a_missing_file_and_a_folder_are_errors_that_say_so)
{
    struct config *c = NULL;
    char path[160];
    struct diags d;

    diags_init(&d);
    snprintf(path, sizeof path, "%s/none.ini", dir);
    cr_expect_eq(config_load(&c, path, &world, &d), -ERR_CONFIG);
    cr_expect_eq(config_load(&c, dir, &world, &d), -ERR_CONFIG);
    cr_assert_eq(d.list.n, 2);
    cr_expect_not_null(strstr(d.list.v[0].message, "No such file"));
    cr_expect_eq(d.list.v[0].at.line, 0);
    cr_expect_not_null(strstr(d.list.v[1].message, "Is a directory"));
    diags_fini(&d);
}

/* --- reload --- */

Test(config_reload, changes_are_named_with_whether_they_apply)
{
    struct config *a = load(
        "[log]\nlevel = info\n[scheduler]\nthreads = 2\n[plugin p]\nx = 1\n[actor old]\nbehaviour = b\n");
    struct config *b = load(
        "[log]\nlevel = debug\n[scheduler]\nthreads = 4\n[plugin p]\nx = 2\n[actor new]\nbehaviour = b\n");
    struct config_changes ch;
    struct strbuf out;

    strbuf_init(&out);
    cr_assert_eq(config_diff(&ch, a, b), 0);
    cr_expect_eq(ch.list.n, 5);
    cr_expect_eq(ch.reloadable, 1);
    config_changes_print(&ch, &out);
    cr_expect_str_eq(strbuf_str(&out), "[scheduler] threads: 2 -> 4 (needs restart)\n"
                                       "[log] level: info -> debug (applied)\n"
                                       "[plugin p] x: 1 -> 2 (needs restart)\n"
                                       "[actor new]: added (needs restart)\n"
                                       "[actor old]: removed (needs restart)\n"
                                       "5 changed: 1 applied, 4 need a restart\n");
    config_changes_fini(&ch);
    strbuf_fini(&out);
    config_free(a);
    config_free(b);
}

Test(config_reload, applying_takes_over_what_is_reloadable_and_nothing_else)
{
    struct config *a = load("[scheduler]\nthreads = 2\n");
    struct config *b =
        load("[node]\nstop_timeout = 3s\n[log]\nlevel = debug\nfile = /x\n[scheduler]\nthreads = 4\n");
    struct config_changes ch;

    cr_assert_eq(config_diff(&ch, a, b), 0);
    cr_assert_eq(config_apply(a, &ch), 0);
    config_changes_fini(&ch);
    cr_expect_eq(a->node.stop_timeout_ns, 3 * KEY_S);
    cr_expect_eq(a->log.level, 0);
    cr_expect_str_eq(a->log.file, "/x");
    cr_expect_eq(a->scheduler.threads, 2);
    cr_expect_str_eq(setting(a, "log", "", "level")->origin, "node.ini:4");
    cr_assert_eq(config_diff(&ch, a, b), 0);
    cr_assert_eq(ch.list.n, 1); /* what needs a restart is named again next time */
    cr_expect_str_eq(ch.list.v[0].key, "threads");
    config_changes_fini(&ch);
    config_free(b);
    cr_expect_str_eq(a->log.file, "/x"); /* a copy */
    config_free(a);
}
