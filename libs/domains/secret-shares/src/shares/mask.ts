/**
 * First character, asterisks, domain: `j******@gmail.com`. A local part of one character is shown; what is no address
 * becomes `****@****`. Source: the LCA API's `maskEmail`.
 */
export function maskEmail(email: string): string {
  const at = email.indexOf('@')
  if (at < 1) return '****@****'
  return `${email.charAt(0)}${'*'.repeat(at - 1)}${email.slice(at)}`
}
