/* planted_tell.c - three instructions more a tell, not quite 5 %: the guard must see them. The host's file as it is, its
 * call_tell_word, by which the guard's tells go, under another name, and in its place the plant. */
#define call_tell_word planted_call_tell_word_
#include "actor/call_send.c"
#undef call_tell_word

__asm__(".text\n"
        ".globl call_tell_word\n"
        ".hidden call_tell_word\n"
        ".type call_tell_word, @function\n"
        "call_tell_word:\n"
        "    nop\n"
        "    nop\n"
        "    jmp planted_call_tell_word_\n"
        ".size call_tell_word, . - call_tell_word\n");
