import { setTimeout as pass } from 'node:timers/promises'
import type { Connection } from '../attacker/ask.ts'
import { storm } from '../attacker/storm.ts'
import { openKey } from '../attacker/owner.ts'
import type { Randomness } from '../attacker/randomness.ts'

export interface KilledCreation {
  victim: { baseUrl: string; kill: () => Promise<void> }
  /** Another process on the same database. */
  survivor: string
  connections: number
  /** Milliseconds: the kill comes at a random time up to this. */
  patience: number
  randomness: Randomness
}

export interface CreationVerdict {
  /** Keys, and users of them, whose creation was answered before the kill. */
  keys: number
  users: number
  /** Of those keys, the ones that open afterwards. */
  open: number
  /** Of those users, the ones that are known afterwards: a code sent to them would be asked for anew. */
  known: number
  /** Answers that are neither a creation nor a broken connection. */
  strange: number
}

interface Made {
  keyId: string
  userId: string
  isUserAnswered: boolean
}

const pin = '4829'
const count = (found: readonly boolean[]): number => found.filter(Boolean).length

/** Case 8: a process is killed while it creates keys and users. Whatever it had answered is there. */
export async function killWhileCreating(attack: KilledCreation): Promise<CreationVerdict> {
  const { victim, survivor, connections, patience, randomness } = attack
  const made: Made[] = []
  let strange = 0
  const createOn = async (connection: Connection): Promise<void> => {
    for (;;) {
      const created = await connection.ask({ method: 'POST', url: `${victim.baseUrl}/v2/key`, body: { pin } })
      if (created.status !== 201) return void strange++
      const { id } = JSON.parse(created.body) as { id: string }
      const one = { keyId: id, userId: `${randomness.token(16)}@example.com`, isUserAnswered: false }
      made.push(one)
      const url = `${victim.baseUrl}/v2/key/${id}/user`
      const added = await connection.ask({ method: 'POST', url, pin, body: { userId: one.userId } })
      if (added.status !== 201) return void strange++
      one.isUserAnswered = true
    }
  }
  const create = storm({
    work: Array.from({ length: connections }, (_, place) => place),
    connections,
    // Each ends by itself: one that is broken first must not end the count of what the others were answered.
    perform: (connection) => createOn(connection).catch(() => undefined),
  })
  await pass(randomness.integer(patience))
  await victim.kill()
  await create

  const users = made.filter(({ isUserAnswered }) => isUserAnswered)
  const opened = await storm({
    work: made,
    connections: 4,
    perform: async (connection, { keyId }) =>
      (await openKey({ baseUrl: survivor, keyId, pin, connection })).status === 200,
  })
  const removed = await storm({
    work: users,
    connections: 4,
    // Only a user who is known can be removed.
    perform: async (connection, { keyId, userId }) => {
      const url = `${survivor}/v2/key/${keyId}/user/${encodeURIComponent(userId)}`
      return (await connection.ask({ method: 'DELETE', url, pin })).status === 200
    },
  })
  return { keys: made.length, users: users.length, open: count(opened), known: count(removed), strange }
}
