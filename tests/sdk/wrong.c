/* What must not compile. Each case is compiled alone with -DWRONG_<case>; the compiler's text must match the
 * pattern on its `wrong` line (gcc and clang word things differently, so a pattern names what both say).
 * Without any case the file must compile, or a case could fail for the wrong reason. */
#define ACTOR_NAMESPACE "wrong"
#include <actor/actor.h>

#define NOTE(F) F(str, text) F(u32, n) F(list(u32), numbers)
#define BOOK(F) F(str, last) F(list(str), lines) F(map(str, u32), index) F(u32, n)
ACTOR_MESSAGE(note, 1, NOTE)
ACTOR_STATE(book, 1, BOOK)
ACTOR_STATELESS(other)

/* wrong opaque_in_message: actor_opaque_fields_are_for_state_only */
#ifdef WRONG_opaque_in_message
#define OPAQUE(F) F(opaque(int, own), handle)
ACTOR_MESSAGE(opaque_note, 1, OPAQUE)
#endif
/* wrong long_name: the name is too long for its note: .*a_name_of_forty_characters */
#ifdef WRONG_long_name
#define LONG(F) F(u32, a_name_of_forty_characters_is_one_too_many)
ACTOR_MESSAGE(long_note, 1, LONG)
#endif
/* wrong unknown_kind: ACTOR_T_pointer */
#ifdef WRONG_unknown_kind
#define POINTER(F) F(pointer, p)
ACTOR_MESSAGE(pointer_note, 1, POINTER)
#endif

ACTOR_ON(book, note, ctx, self, m)
{
/* wrong view_into_state: actor_string.*from.*actor_str|actor_string.*incompatible type.*actor_str */
#ifdef WRONG_view_into_state
    self->last = m->text;
#endif
/* wrong list_into_state: incompatible type */
#ifdef WRONG_list_into_state
    self->lines = m->numbers;
#endif
/* wrong status_as_result: int.*actor_result|actor_result.*int */
#ifdef WRONG_status_as_result
    return actor_tell(ctx, actor_self(ctx), note, .n = 1);
#endif
/* wrong number_as_result: int.*actor_result|actor_result.*int */
#ifdef WRONG_number_as_result
    return 0;
#endif
/* wrong unknown_field: nmae */
#ifdef WRONG_unknown_field
    actor_tell(ctx, actor_self(ctx), note, .nmae = 1);
#endif
/* wrong undeclared_message: receipt */
#ifdef WRONG_undeclared_message
    actor_tell(ctx, actor_self(ctx), receipt, .n = 1);
#endif
/* wrong path_as_reference: incompatible type */
#ifdef WRONG_path_as_reference
    actor_tell(ctx, "/user/a", note, .n = 1);
#endif
/* wrong c_string_in_message: brace|incompatible type */
#ifdef WRONG_c_string_in_message
    actor_tell(ctx, actor_self(ctx), note, .text = "text");
#endif
/* wrong write_to_message: read-only|const-qualified */
#ifdef WRONG_write_to_message
    m->n = 1;
#endif
/* wrong write_to_list_element: read-only|const-qualified */
#ifdef WRONG_write_to_list_element
    self->lines.v[0].n = 0;
#endif
/* wrong element_kind: invalid initializer|incompatible type|initializing */
#ifdef WRONG_element_kind
    actor_append(ctx, &self->lines, 5);
#endif
/* wrong key_kind: invalid initializer|incompatible type|initializing */
#ifdef WRONG_key_kind
    actor_put(ctx, &self->index, 5, 5u);
#endif
/* wrong set_of_a_number: _Generic|association|incompatible */
#ifdef WRONG_set_of_a_number
    actor_set(ctx, &self->n, m->text);
#endif
    return ACTOR_OK;
}
/* wrong row_without_handler: book_on_other */
#ifdef WRONG_row_without_handler
#define EXTRA , ACTOR_ROW(book, other)
#else
#define EXTRA
#endif
/* wrong handler_without_row: book_on_note.*defined but not used|unused function 'book_on_note */
#ifdef WRONG_handler_without_row
ACTOR_BEHAVIOUR(book, ACTOR_ROW_ATOMIC_BYTES(64))
#else
ACTOR_BEHAVIOUR(book, ACTOR_ROW(book, note) EXTRA)
#endif
ACTOR_PLUGIN("wrong", "1.0.0", &book_behaviour)
