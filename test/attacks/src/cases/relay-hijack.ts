import { randomBytes } from 'node:crypto'
import type { Person } from '@strongroom/sss-lca/testing'
import { ask, type Connection } from '../attacker/ask.ts'
import { newCaller } from '../attacker/callers.ts'
import { sha256base64url } from '../attacker/digests.ts'
import type { LcaPlace } from '../attacker/lca-people.ts'
import type { Randomness } from '../attacker/randomness.ts'
import { storm } from '../attacker/storm.ts'

export interface Hijack {
  /** One for each process; they share what sessions lie in. */
  places: readonly LcaPlace[]
  randomness: Randomness
}

interface Told {
  status: number
  body: {
    sessionId?: string
    shortCode?: string
    status?: string
    encryptedPayload?: string
    approverDid?: string
  }
}

const publicKey = 'pOCSkrZRwni5dyxWn1+puxPZBrRqtoyd+dwrRAn4ogk='
async function speak(
  connection: Pick<Connection, 'ask'>,
  url: string,
  {
    method = 'GET',
    body,
    caller = newCaller(),
    pollToken,
  }: { method?: string; body?: object; caller?: string; pollToken?: string } = {},
): Promise<Told> {
  const headers = { 'x-forwarded-for': caller, ...(pollToken !== undefined && { 'x-poll-token': pollToken }) }
  const answer = await connection.ask({ method, url, headers, ...(body && { body }) })
  return { status: answer.status, body: JSON.parse(answer.body) as Told['body'] }
}

const sessions = ({ baseUrl }: LcaPlace): string => `${baseUrl}/api/qr-login/session`

export async function openSession(place: LcaPlace, more: object = {}, connection: Pick<Connection, 'ask'> = { ask }) {
  const { status, body } = await speak(connection, sessions(place), { method: 'POST', body: { publicKey, ...more } })
  return { status, sessionId: body.sessionId ?? '', shortCode: body.shortCode ?? '' }
}

const fetchSession = (place: LcaPlace, lookup: string, pollToken?: string): Promise<Told> =>
  speak({ ask }, `${sessions(place)}/${lookup}`, { ...(pollToken !== undefined && { pollToken }) })

const approve = async (
  place: LcaPlace,
  sessionId: string,
  { by, payload }: { by: Person | undefined; payload: string },
) => {
  const login = by ? await by.login() : {}
  const body = { ...login, encryptedPayload: payload, ...(!by && { approverDid: 'did:key:zThief' }) }
  return (await speak({ ask }, `${sessions(place)}/${sessionId}/approve`, { method: 'POST', body })).status
}

/** Case 24: two who are logged in approve one session at the same moment, at other processes, round after round. */
export async function raceApprovals({
  places,
  approvers,
  rounds,
}: Hijack & { approvers: readonly [Person, Person]; rounds: number }) {
  const wins = { one: 0, both: 0, neither: 0, mixed: 0 }
  const [first, second = first] = places
  if (first === undefined || second === undefined) throw new Error('One process is needed.')
  await storm({
    work: Array.from({ length: rounds }, (_, round) => round),
    connections: 4,
    perform: async (_, round) => {
      const { sessionId } = await openSession(first)
      const statuses = await Promise.all(
        approvers.map((by, at) => approve(at === 0 ? first : second, sessionId, { by, payload: payloadOf(by, round) })),
      )
      const won = approvers.filter((_approver, at) => statuses[at] === 200)
      const { body } = await fetchSession(second, sessionId)
      const [winner] = won
      if (won.length === 1) wins.one++
      else if (won.length === 2) wins.both++
      else wins.neither++
      if (winner && (body.encryptedPayload !== payloadOf(winner, round) || body.approverDid !== winner.did))
        wins.mixed++
    },
  })
  return wins
}

const payloadOf = ({ did }: Person, round: number): string => `for round ${String(round)} by ${did}`

/** Case 24: an approval that was seen is sent again, by its sender and by strangers, with another payload. */
export async function replayApproval({
  places: [place],
  approver,
  thief,
}: Hijack & { approver: Person; thief: Person }) {
  if (place === undefined) throw new Error('One process is needed.')
  const { sessionId, shortCode } = await openSession(place)
  const strangers = await approve(place, sessionId, { by: undefined, payload: 'a stranger’s' })
  const before = await fetchSession(place, shortCode)
  const own = await approve(place, sessionId, { by: approver, payload: 'the owner’s' })
  const again = [
    await approve(place, sessionId, { by: approver, payload: 'the owner’s' }),
    await approve(place, sessionId, { by: thief, payload: 'the thief’s' }),
  ]
  const { body } = await fetchSession(place, sessionId)
  const byCode = [before, await fetchSession(place, shortCode)]
  return {
    strangers,
    own,
    again,
    payload: body.encryptedPayload,
    /** What a look-up by the short code gave away, before and after the approval. */
    byCode: byCode.flatMap((told) => [told.body.encryptedPayload ?? told.body.approverDid ?? []].flat()),
  }
}

const given = (told: readonly Told[]): number => told.filter(({ body }) => body.encryptedPayload !== undefined).length

/** Case 24: the payload fetched by many at once who know the id, by the poll token's holder and without it. */
export async function fetchTwice({ places, approver, fetches }: Hijack & { approver: Person; fetches: number }) {
  const [place] = places
  if (place === undefined) throw new Error('One process is needed.')
  const token = randomBytes(32).toString('base64url')
  const { sessionId } = await openSession(place, { pollTokenDigest: sha256base64url(token) })
  await approve(place, sessionId, { by: approver, payload: 'for the new device' })
  const fetchAll = (pollToken?: string) =>
    Promise.all(
      Array.from({ length: fetches }, (_, at) =>
        fetchSession(places[at % places.length] as LcaPlace, sessionId, pollToken),
      ),
    )
  const withoutToken = given([...(await fetchAll()), ...(await fetchAll('another token'))])
  return { withoutToken, withToken: given(await fetchAll(token)), afterwards: given(await fetchAll(token)) }
}

/** Case 24: short codes guessed, by one caller and by many: how many guesses were compared. */
export async function guessShortCodes({
  places,
  randomness,
  callers: many,
  guesses,
}: Hijack & { callers: number; guesses: number }) {
  const addresses = Array.from({ length: many }, newCaller)
  const statuses = await storm({
    work: addresses.flatMap((caller) => Array<string>(guesses).fill(caller)),
    connections: 16,
    perform: async (connection, caller, turn) => {
      const code = String(randomness.integer(100_000_000)).padStart(8, '0')
      const place = places[turn % places.length] as LcaPlace
      return (await speak(connection, `${sessions(place)}/${code}`, { caller })).status
    },
  })
  const refused = statuses.filter((status) => status === 429).length
  return { compared: statuses.length - refused, refused }
}

/** Case 24: as many sessions as there is room for, and some more. */
export async function fillRelay({ places, sessions: wanted }: Hijack & { sessions: number }) {
  const statuses = await storm({
    work: Array.from({ length: wanted }, (_, turn) => turn),
    connections: 16,
    perform: async (own, turn) => (await openSession(places[turn % places.length] as LcaPlace, {}, own)).status,
  })
  const count = (status: number) => statuses.filter((one) => one === status).length
  return { opened: count(200), refused: count(429) }
}
