import type { Person } from '@strongroom/sss-lca/testing'
import {
  addressOf,
  contactQuery,
  type LcaContact,
  type LcaPlace,
  must,
  newShare,
  personAt,
  settle,
} from '../attacker/lca-people.ts'
import { newCaller } from '../attacker/callers.ts'
import { newAddress } from '../attacker/people.ts'
import type { Randomness } from '../attacker/randomness.ts'
import { storm } from '../attacker/storm.ts'
import { waitUntil } from '../attacker/wait-until.ts'

export interface Bombing {
  place: LcaPlace
  randomness: Randomness
  connections: number
}

export interface BombVerdict {
  asked: number
  accepted: number
  /** What lay in the victim's mailbox, under whatever spelling of the address. */
  received: number
}

const [logins, times] = [6, 6]

/** Case 18: everything that mails an address somebody names, from many logins and addresses, and under many spellings. */
export async function bombMailbox({ place, randomness, connections }: Bombing): Promise<BombVerdict> {
  const victim = newAddress(randomness)
  const [name = '', domain = ''] = victim.split('@')
  // Most providers put all of these into one mailbox.
  const spellings = [
    victim,
    `${name.toUpperCase()}@${domain}`,
    `${name}+a@${domain}`,
    `${name}+b+c@${domain}`,
    `${name}+@${domain}`,
  ]
  const people = await Promise.all(
    Array.from({ length: logins }, () => settle(place, { email: newAddress(randomness) }, newShare(randomness))),
  )
  const share = `0001${newShare(randomness)}`
  const works = people.flatMap((person) =>
    spellings.flatMap((email) =>
      Array.from({ length: times }).flatMap(() => [
        () =>
          person.ask({
            path: '/send-login-verification-code',
            headers: { 'x-forwarded-for': newCaller() },
            body: { email },
          }),
        () => person.addEmail(email),
        () => person.backUp({ emailShare: share, email }),
      ]),
    ),
  )
  const answers = await storm({ work: works, connections, perform: (_, work) => work() })
  const accepted = answers.filter(({ status, text }) => status === 200 && !text.includes('"success":false')).length
  const count = async () => (await Promise.all(spellings.map(async (one) => place.textsTo(one)))).flat().length
  await waitUntil('what was accepted', async () => (await count()) >= accepted)
  return { asked: answers.length, accepted, received: await count() }
}

export interface NoticeBombing extends Bombing {
  contact: LcaContact
  /** Makes sure that all that is to be told was told. */
  settled: () => Promise<void>
}

const rounds = 30

/** Case 18: whoever has a login has its owner told of something, again and again. Answers with how often, for each way. */
export async function bombWithNotices({ place, randomness, connections, contact, settled }: NoticeBombing) {
  const told = async () => (await place.textsTo(addressOf(contact))).length
  const owner = await settle(place, contact, newShare(randomness))
  const credentialId = randomness.token(20)
  await must(owner.addMethod({ type: 'passkey', credentialId, encryptedShare: 'sealed' }))
  const during = async (work: (turn: number) => Promise<unknown>, at = connections): Promise<number> => {
    await settled()
    const before = await told()
    await storm({
      work: Array.from({ length: rounds }, (_, turn) => turn),
      connections: at,
      perform: (_, turn) => work(turn),
    })
    await settled()
    return (await told()) - before
  }
  const strangers = Array.from({ length: rounds }, () => personAt(place, contact))
  const stranger = (turn: number) => strangers[turn] as Person
  return {
    refusals: await during((turn) => stranger(turn).put(newShare(randomness))),
    startsOver: await during((turn) => stranger(turn).startOver()),
    lookUps: await during(() => lookUp(owner, { contact, credentialId })),
    ownReads: await during((turn) =>
      turn < 2 ? owner.readMethod({ type: 'passkey', credentialId }) : Promise.resolve(),
    ),
    // Records made and deleted by turns, each of them new; one that is not deleted any more is rotated.
    turnover: await during(async () => {
      await owner.put(newShare(randomness))
      await owner.remove()
    }, 1),
  }
}

function lookUp(owner: Person, { contact, credentialId }: { contact: LcaContact; credentialId: string }) {
  const query = new URLSearchParams({ ...contactQuery(contact), type: 'passkey', credentialId })
  return owner.ask({
    method: 'GET',
    path: `/keys/recovery?${query.toString()}`,
    headers: { 'x-forwarded-for': newCaller() },
  })
}
