/** What a process does: serve callers, perform jobs and sweeps, or both. */
export type Role = 'api' | 'worker' | 'all'

export const servesCallers = (role: Role): boolean => role !== 'worker'
export const performsWork = (role: Role): boolean => role !== 'api'

/** Reads `--role=...`; `undefined` for anything that it does not know. */
export function readRole(options: readonly string[]): Role | undefined {
  if (options.length === 0) return 'all'
  const [, role] = /^--role=(api|worker|all)$/.exec(options.join(' ')) ?? []
  return role as Role | undefined
}
