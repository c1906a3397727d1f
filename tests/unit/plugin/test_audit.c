#include "fixture.h"
#include "plugin/audit.h"

static struct audit
audit_of(const char *name)
{
    struct bytes b = plugin_bytes(name);
    struct audit a;
    struct elf e;
    struct err err = {0};

    cr_assert_eq(elf_read(&e, b.p, b.n, &err), 0, "%s", err.text);
    cr_assert_eq(audit_init(&a, env_real(), &e, &err), 0, "%s", err.text);
    free(b.p); /* the audit must not need it any more */
    return a;
}

Test(audit, functions_fall_into_classes)
{
    cr_expect_eq(audit_classify("memcpy"), AUDIT_PURE);
    cr_expect_eq(audit_classify("__memcpy_chk"), AUDIT_PURE);
    cr_expect_eq(audit_classify("sinf"), AUDIT_PURE);
    cr_expect_eq(audit_classify("powl"), AUDIT_PURE);
    cr_expect_eq(audit_classify("__asan_report_load8"), AUDIT_PURE);
    cr_expect_eq(audit_classify("malloc"), AUDIT_HEAP);
    cr_expect_eq(audit_classify("__printf_chk"), AUDIT_IO);
    cr_expect_eq(audit_classify("clock_gettime"), AUDIT_TIME);
    cr_expect_eq(audit_classify("pthread_create"), AUDIT_THREADS);
    cr_expect_eq(audit_classify("posix_spawn"), AUDIT_EXEC);
    cr_expect_eq(audit_classify("frobnicate"), AUDIT_OTHER);
    cr_expect_eq(audit_classify("__chk"), AUDIT_OTHER);
}

Test(audit, a_plugin_that_only_counts_is_pure)
{
    struct audit a = audit_of("counter1");
    struct strbuf text;

    strbuf_init(&text);
    audit_print(&a, &text);
    cr_expect_str_eq(strbuf_str(&text), "pure");
    cr_expect(audit_pure(&a));
    strbuf_fini(&text);
    audit_fini(&a);
}

Test(audit, an_impure_plugin_is_labelled_with_the_reason_and_not_refused)
{
    struct audit a = audit_of("bad_clock");
    struct strbuf text;
    struct json json;
    struct err err = {0};

    strbuf_init(&text);
    audit_print(&a, &text);
    cr_expect_str_eq(strbuf_str(&text), "impure: time (time)");
    strbuf_reset(&text);
    json_init(&json, &text);
    audit_json(&a, &json);
    cr_expect_str_eq(strbuf_str(&text), "{\"pure\":false,\"impure\":{\"time\":[\"time\"]}}");
    cr_expect_eq(audit_check(&a, 0, &err), 0, "%s", err.text);
    strbuf_fini(&text);
    audit_fini(&a);
}

Test(audit, threads_need_to_be_allowed)
{
    struct audit a = audit_of("bad_threads");
    struct err err = {0};
    uint32_t allow = 0;

    cr_expect_eq(audit_check(&a, 0, &err), -ERR_REFUSED);
    expect_text(&err, "pthread_create()");
    expect_fix(&err, "allow = threads");
    cr_expect_eq(audit_allow_parse("exit, threads", &allow, &err), 0);
    cr_expect_eq(audit_check(&a, allow, &err), 0);
    cr_expect_eq(audit_allow_parse("exit,signal", &allow, &err), 0);
    cr_expect_eq(audit_check(&a, allow, &err), -ERR_REFUSED);
    audit_fini(&a);
}

Test(audit, an_unknown_word_in_allow_is_named)
{
    struct err err = {0};
    uint32_t allow = 42;

    cr_expect_eq(audit_allow_parse("threads, time", &allow, &err), -ERR_INVALID);
    expect_text(&err, "'time'");
    expect_fix(&err, "threads, fork");
    cr_expect_eq(allow, 42);
    cr_expect_eq(audit_allow_parse("  ", &allow, &err), 0);
    cr_expect_eq(allow, 0);
}

Test(audit, without_memory_there_is_an_error_and_no_leak)
{
    struct bytes b = plugin_bytes("bad_threads");
    struct env_fake env;
    struct audit a;
    struct elf e;
    struct err err = {0};

    env_fake_init(&env, 1);
    cr_assert_eq(elf_read(&e, b.p, b.n, &err), 0, "%s", err.text);
    env.fail_at = 1;
    cr_expect_eq(audit_init(&a, &env.env, &e, &err), -ERR_NOMEM);
    cr_expect_eq(audit_init(&a, &env.env, &e, &err), 0);
    cr_expect_gt(env.live_bytes, 0);
    audit_fini(&a);
    cr_expect_eq(env.live_bytes, 0);
    free(b.p);
}
