/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A static program of i386, without a C library: opens a socket of TCP over IPv4.  Its
 * exit status is SO_PROTOCOL as the kernel has it, or the error of socket().
 */
	.globl	_start
_start:
	mov	$359, %eax		/* socket(AF_INET, SOCK_STREAM, 0) */
	mov	$2, %ebx
	mov	$1, %ecx
	xor	%edx, %edx
	int	$0x80
	test	%eax, %eax
	js	failed
	mov	%eax, %ebx		/* getsockopt(.., SOL_SOCKET, SO_PROTOCOL, ..) */
	mov	$365, %eax
	mov	$1, %ecx
	mov	$38, %edx
	mov	$value, %esi
	mov	$length, %edi
	int	$0x80
	mov	value, %ebx
	jmp	end
failed:
	neg	%eax
	mov	%eax, %ebx
end:
	mov	$1, %eax		/* exit() */
	int	$0x80

	.data
value:	.long	0
length:	.long	4
	.section .note.GNU-stack, "", @progbits
