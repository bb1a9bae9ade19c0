import type { Bench, Row } from '../bench.ts'
import { startAccountsServer } from '../world/accounts.ts'
import { newPerson, type Person, signIn as signInOnce } from '../world/device.ts'
import { makePeerDatabase, startPeer } from '../world/peer.ts'
import { compareRates } from './rates.ts'

const CONNECTIONS = 16
const PEOPLE = 16

/** A challenge and its answer, by people whose accounts stand. */
export const signIn: Row = {
  name: 'sign-in',
  async measure(bench) {
    const superuserUrl = await bench.durable()
    const server = bench.own(await startAccountsServer(superuserUrl))
    const people = Array.from({ length: PEOPLE }, newPerson)
    await server.signUpEach(people)
    const worker = await server.work()
    await server.settled()
    await worker.stop()
    const database = await makePeerDatabase(superuserUrl)
    await database.ask('create table peer.challenges (challenge text primary key, public_key text not null)')
    await database.ask(`alter table peer.challenges owner to ${new URL(database.ownerUrl).username}`)
    const peer = bench.own(await startPeer('challenge-respond', { database }))
    const sides = { ours: cycles(bench, server.port, people), theirs: cycles(bench, peer.port, people) }
    const comparison = { operation: 'challenge and respond', peer: 'Koa + P-256 + 2 statements, durable' }
    const lines = await compareRates(bench, sides, [
      { ...comparison, ours: 'ours', theirs: 'theirs', goal: { least: 0.5 } },
    ])
    await Promise.all([server.stop(), peer.stop()])
    return lines
  },
}

/** Whole sign-ins in a second; each connection begins the next one at once. */
const cycles = (bench: Bench, port: number, people: readonly Person[]) => async (): Promise<number> => {
  const until = performance.now() + bench.seconds * 1000
  const began = performance.now()
  let done = 0
  const go = async (person: Person) => {
    while (performance.now() < until) {
      await signInOnce(port, person)
      done++
    }
  }
  await Promise.all(people.slice(0, CONNECTIONS).map(go))
  return (done * 1000) / (performance.now() - began)
}
