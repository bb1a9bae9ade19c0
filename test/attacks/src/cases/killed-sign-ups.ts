import { setTimeout as pass } from 'node:timers/promises'
import { ask } from '../attacker/ask.ts'
import {
  type IdentityOwner,
  type IdentityPlace,
  newIdentityOwner,
  questionOf,
  signUp,
} from '../attacker/identity-people.ts'
import type { Randomness } from '../attacker/randomness.ts'
import { waitUntil } from '../attacker/wait-until.ts'

export interface KilledSignUps {
  readonly victim: { readonly place: IdentityPlace; readonly kill: () => Promise<void> }
  /** Another process on the same database. */
  readonly survivor: IdentityPlace
  /** Lets whatever was left be finished. */
  readonly settled: () => Promise<void>
  readonly connections: number
  /** Milliseconds: the kill comes at a random time up to this. */
  readonly patience: number
  readonly randomness: Randomness
}

export interface SignUpVerdict {
  /** Wallets whose making was answered before the kill. */
  readonly answered: number
  /** Of those, the ones that are there afterwards: 403, for their address is still to be verified. */
  readonly there: number
  /** Answers that are neither a wallet nor a broken connection. */
  readonly strange: number
}

/** Case 8: a process is killed while it makes wallets. Whatever it had answered is there, and can be opened. */
export async function killWhileSigningUp(attack: KilledSignUps): Promise<SignUpVerdict> {
  const { victim, survivor, settled, connections, patience, randomness } = attack
  const answered: IdentityOwner[] = []
  let strange = 0
  const make = async () => {
    for (;;) {
      const owner = newIdentityOwner(randomness)
      const { status } = await signUp(victim.place, owner)
      if (status !== 201) return void strange++
      answered.push(owner)
    }
  }
  const making = Promise.all(Array.from({ length: connections }, () => make().catch(() => undefined)))
  await waitUntil('a wallet', () => answered.length > 0)
  await pass(randomness.integer(patience))
  await victim.kill()
  await making
  await settled()
  let there = 0
  for (const { walletId } of answered) {
    const { status } = await ask(questionOf(survivor, `GET /wallets/${walletId}`))
    if (status === 403) there++
  }
  return { answered: answered.length, there, strange }
}
