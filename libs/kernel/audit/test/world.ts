import { openKeystore, provisionKeys } from '@strongroom/hsm'
import { softToken } from '@strongroom/hsm/testing'
import { fingerprint, migrate, openDatabase, sql, storageMigrations } from '@strongroom/storage'
import { testDatabase } from '@strongroom/test-world'
import { z } from 'zod'
import {
  auditKeyNeed,
  auditMigrations,
  type Head,
  linkEvents,
  recordEvent,
  securityEvent,
  type Sink,
  verifyAudit,
} from '../src/index.ts'

export const owner = { deployment: 'test', app: 'key-server' }
const sets = [storageMigrations, auditMigrations]

export const doorOpened = securityEvent('door.opened', z.object({ floor: z.int() }))

/** A real token with the signing key. Remove it after the tests of a file. */
export async function auditToken() {
  const token = await softToken()
  const place = { ...token, ...owner }
  const keys = await provisionKeys({ ...place, needs: [auditKeyNeed], existing: [] })
  const hsm = await openKeystore({ ...place, keys })
  const publicKey = await hsm.publicKey('audit')
  return {
    hsm,
    publicKey,
    async [Symbol.asyncDispose]() {
      await hsm.close()
      await token.remove()
    },
  }
}
export type AuditToken = Awaited<ReturnType<typeof auditToken>>

/** Keeps what it is sent; `fail` makes it refuse. */
export function memorySink(name = 'memory') {
  const heads: Head[] = []
  const state = { fail: false }
  const send = (head: Head) => {
    if (state.fail) return Promise.reject(new Error(`${name} is down`))
    heads.push(head)
    return Promise.resolve()
  }
  const sink: Sink = { targets: [{ name, send }] }
  return { heads, state, ...sink }
}

/** A database of its own, with a sink that has held on to every head. */
export async function auditWorld({ hsm, publicKey }: AuditToken) {
  const made = await testDatabase({
    template: `audit_${fingerprint(sets)}`,
    prepare: (url, role) => migrate(url, sets, role),
  })
  const database = openDatabase({ connectionString: made.url })
  const schemaOwner = openDatabase({ connectionString: made.adminUrl, connections: 2 })
  const memory = memorySink()
  const positions = z.object({ position: z.int(), eventId: z.int() })
  const sweep = (sink: Sink = memory) => linkEvents({ database, hsm, sink, ...owner })
  const unsettled = sql`select from audit.events where xid >= (select coalesce(max(settled), '0') from audit.marks)`
  return {
    database,
    schemaOwner,
    memory,
    record: async (...subjects: string[]) => {
      for (const subject of subjects) await recordEvent(database, doorOpened, { subject, detail: { floor: 1 } })
    },
    sweep,
    /** Until the mark has passed every event: other tests of the cluster hold transactions open meanwhile. */
    settle: async () => {
      do await sweep()
      while ((await database.run(unsettled)) > 0)
    },
    links: () =>
      database.many(positions, sql`select position, event_id as "eventId" from audit.links order by position`),
    subjects: async () =>
      (
        await database.many(
          z.object({ subject: z.string() }),
          sql`select subject from audit.links join audit.events on id = event_id order by position`,
        )
      ).map(({ subject }) => subject),
    verify: (more: { heads?: readonly Head[]; patience?: number; late?: number } = {}) =>
      verifyAudit({ statements: database.reading, publicKeys: [publicKey], heads: memory.heads, ...owner, ...more }),
    async [Symbol.asyncDispose]() {
      await Promise.all([database.close(), schemaOwner.close()])
      await made.drop()
    },
  }
}
export type AuditWorld = Awaited<ReturnType<typeof auditWorld>>
