/* planted_tell.c - three instructions more a tell, not quite 5 %: the guard must see them. The host's file as it is, its call_tell
 * under another name, and in its place the plant. */
#define call_tell planted_call_tell_
#include "actor/call_send.c"
#undef call_tell

__asm__(".text\n"
        ".globl call_tell\n"
        ".hidden call_tell\n"
        ".type call_tell, @function\n"
        "call_tell:\n"
        "    nop\n"
        "    nop\n"
        "    jmp planted_call_tell_\n"
        ".size call_tell, . - call_tell\n");
