import type { Answered, Person } from '@strongroom/sss-lca/testing'
import {
  askLoginCode,
  type LcaPlace,
  mailedCode,
  must,
  newPhone,
  newShare,
  personAt,
  settle,
} from '../attacker/lca-people.ts'
import { newAddress } from '../attacker/people.ts'
import type { Randomness } from '../attacker/randomness.ts'
import { storm } from '../attacker/storm.ts'

export interface LcaCodeGuessing {
  /** One for each process; they share one database. */
  places: readonly [LcaPlace, ...LcaPlace[]]
  randomness: Randomness
  /** Before each a fresh code is sent. */
  rounds: number
  guesses: number
  connections: number
}

export interface LcaCodeVerdict {
  guesses: number
  /** Told wrong: compared with what was sent. */
  evaluated: number
  refused: number
  /** Not even read as an address: nothing was compared. */
  unread: number
  strange: number[]
  /** To the code that was sent last, when all is over. */
  rightCode: string
}

/** Spellings of one address, and addresses that somebody might take for it. */
const spellings: readonly ((address: string) => string)[] = [
  (address) => address,
  (address) => address.toUpperCase(),
  (address) => address.replace(/^\w/, (letter) => letter.toUpperCase()),
  (address) => ` ${address} `,
  (address) => address.replace(/k(?=.*@)/, '\u212a'),
]

/** Case 16: login codes, guessed at both endpoints that take them, under every spelling, at every process at once. */
export async function guessLoginCodes(attack: LcaCodeGuessing): Promise<LcaCodeVerdict> {
  const { places, randomness } = attack
  const [place] = places
  const email = `k${newAddress(randomness)}`
  const phone = newPhone(randomness)
  const mover = await settle(place, { phone }, newShare(randomness))
  const at = places.map((one) => personAt(one, { phone, seed: mover.seed }))
  const guess = (turn: number, code: string): Promise<Answered> => {
    const person = at[turn % at.length] as Person
    const spelled = (spellings[turn % spellings.length] ?? String)(email)
    if (turn % 3 === 2) return person.upgrade({ previousPhone: phone, email: spelled, code })
    return person.ask({ path: '/verify-login-code', body: { email: spelled, code } })
  }
  const send = () => mailedCode(place, email, askLoginCode(mover, email))
  return guessAll(attack, { send, guess, prove: (code) => guess(0, code) })
}

/** Case 16: the code of a recovery address, guessed by whoever has the login and a presentation. */
export async function guessRecoveryCodes(attack: LcaCodeGuessing): Promise<LcaCodeVerdict> {
  const { places, randomness } = attack
  const [place] = places
  const contact = { email: newAddress(randomness) }
  const owner = await settle(place, contact, newShare(randomness))
  const at = places.map((one) => personAt(one, { ...contact, seed: owner.seed }))
  const guess = (turn: number, code: string): Promise<Answered> => (at[turn % at.length] as Person).verifyEmail(code)
  const address = newAddress(randomness)
  const send = () => mailedCode(place, address, () => owner.addEmail(address))
  return guessAll(attack, { send, guess, prove: (code) => guess(0, code) })
}

interface Guessing {
  send: () => Promise<string>
  guess: (turn: number, code: string) => Promise<Answered>
  prove: (code: string) => Promise<Answered>
}

async function guessAll(attack: LcaCodeGuessing, { send, guess, prove }: Guessing): Promise<LcaCodeVerdict> {
  const answers: Answered[] = []
  let sent = ''
  for (let round = 0; round < attack.rounds; round++) {
    sent = await send()
    const guessed = await storm({
      work: Array.from({ length: attack.guesses }, (_, turn) => turn),
      connections: attack.connections,
      perform: (_, turn) => guess(turn, wrongCode(attack.randomness, sent)),
    })
    answers.push(...guessed)
  }
  const right = await prove(sent)
  const kinds = answers.map(kindOf)
  const count = (kind: string) => kinds.filter((one) => one === kind).length
  return {
    guesses: answers.length,
    evaluated: count('wrong'),
    refused: count('refused'),
    unread: count('unread'),
    strange: answers.filter((_, at) => kinds[at] === 'strange').map(({ status }) => status),
    rightCode: kindOf(right),
  }
}

function kindOf({ status, text }: Answered): 'wrong' | 'refused' | 'unread' | 'right' | 'strange' {
  if (status === 429) return 'refused'
  if (status === 400 && text.includes('Input validation')) return 'unread'
  if ((status === 400 || status === 200) && /Invalid or expired code|Incorrect code/.test(text)) return 'wrong'
  return status === 200 ? 'right' : 'strange'
}

function wrongCode(randomness: Randomness, right: string): string {
  const code = String(randomness.integer(1_000_000)).padStart(6, '0')
  return code === right ? wrongCode(randomness, right) : code
}

const believed = async (asked: Promise<Answered>): Promise<boolean> => kindOf(await asked) === 'right'

/** Case 16: a code shown where another kind is asked for, then where it belongs. Answers with what was believed. */
export async function confuseCodes({ place, randomness }: { place: LcaPlace; randomness: Randomness }) {
  const [address, phone] = [newAddress(randomness), newPhone(randomness)]
  const owner = await settle(place, { phone }, newShare(randomness))
  const other = await settle(place, { email: newAddress(randomness) }, newShare(randomness))
  const recovery = await mailedCode(place, address, () => owner.addEmail(address))
  const login = await mailedCode(place, address, askLoginCode(owner, address))
  const others = await mailedCode(place, address, () => other.addEmail(address))
  const verifyLogin = (code: string) => owner.ask({ path: '/verify-login-code', body: { email: address, code } })
  const move = (code: string) => owner.upgrade({ previousPhone: phone, email: address, code })
  return {
    recoveryAtLogin: await believed(verifyLogin(recovery)),
    recoveryAtUpgrade: await believed(move(recovery)),
    loginAtRecovery: await believed(owner.verifyEmail(login)),
    anotherRecords: await believed(owner.verifyEmail(others)),
    tagged: await believed(
      owner.ask({ path: '/verify-login-code', body: { email: address.replace('@', '+tag@'), code: login } }),
    ),
    recovery: await believed(owner.verifyEmail(recovery)),
    upgrade: await believed(move(login)),
    upgradeAgain: await believed(verifyLogin(login)),
  }
}

/** Case 16: guesses at a new code, each few of which are taken back by a right one of an address that is the guesser's own. */
export async function forgiveGuesses({
  places: [place],
  randomness,
  rounds,
}: Pick<LcaCodeGuessing, 'places' | 'randomness' | 'rounds'>) {
  const owner = await settle(place, { email: newAddress(randomness) }, newShare(randomness))
  const [own, foreign] = [newAddress(randomness), newAddress(randomness)]
  let evaluated = 0
  for (let round = 0; round < rounds; round++) {
    const mine = await mailedCode(place, own, () => owner.addEmail(own))
    await must(owner.addEmail(foreign))
    for (let turn = 0; turn < 4; turn++) {
      if (kindOf(await owner.verifyEmail(wrongCode(randomness, mine))) === 'wrong') evaluated++
    }
    if (kindOf(await owner.verifyEmail(mine)) === 'wrong') evaluated++
  }
  // What is left, of a budget that nobody may have given back.
  for (let turn = 0; turn < 60; turn++) if (kindOf(await owner.verifyEmail('000000')) === 'wrong') evaluated++
  return evaluated
}
