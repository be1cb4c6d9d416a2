; Adds two numbers.
global add
add:
    mov eax, edi
.L1:
    add eax, esi
    ret

%macro push_all 0
    push rax
%endmacro

_start:
    call add
