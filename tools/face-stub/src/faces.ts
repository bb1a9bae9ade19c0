import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'

export interface Faces {
  /** A token that one scan may name. */
  openSession(): string
  /** Whether it was open; it no longer is. */
  closeSession(token: string): boolean
  /** Whether these bytes are new; the next time they are not. */
  isFirst(scan: string): boolean
  personAt(ref: string): string | undefined
  keep(ref: string, person: string): void
  forget(ref: string): void
}

const kept = z.record(z.string(), z.string())
/** Of sessions and of scans; the oldest go. */
const MOST = 10_000

/** Whose face is kept under which reference: in a folder that outlives the stub, or in memory where it has none. */
export function openFaces(stateDir?: string): Faces {
  const path = stateDir === undefined ? undefined : join(stateDir, 'faces.json')
  const people = new Map(Object.entries(path === undefined ? {} : read(path)))
  const save = () => path !== undefined && write(path, Object.fromEntries(people))
  const sessions = new Set<string>()
  const seen = new Set<string>()
  return {
    openSession() {
      const token = randomBytes(24).toString('base64url')
      remember(sessions, token)
      return token
    },
    closeSession: (token) => sessions.delete(token),
    isFirst(scan) {
      const hash = createHash('sha256').update(scan).digest('base64')
      const first = !seen.has(hash)
      remember(seen, hash)
      return first
    },
    personAt: (ref) => people.get(ref),
    keep(ref, person) {
      people.set(ref, person)
      save()
    },
    forget(ref) {
      people.delete(ref)
      save()
    },
  }
}

function remember(set: Set<string>, value: string): void {
  set.add(value)
  for (const oldest of set) {
    if (set.size <= MOST) return
    set.delete(oldest)
  }
}

const read = (path: string) => (existsSync(path) ? kept.parse(JSON.parse(readFileSync(path, 'utf8'))) : {})

/** Whoever reads it finds the old text or the new one, never half of it. */
function write(path: string, value: object): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const unfinished = `${path}.${String(process.pid)}`
  writeFileSync(unfinished, JSON.stringify(value), { mode: 0o600 })
  renameSync(unfinished, path)
}
