import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { fieldOf, type Heard, type KeyServer } from './key-server.ts'
import { storyOf, type KeyStory, type Ledger } from './story.ts'

export interface Walkers {
  /** Throws what any of them was wrongly answered, which ended its walk. */
  assertUnharmed(): void
  /** Lets each finish the request that it is at. Throws as `assertUnharmed` does. */
  stop(): Promise<void>
}

/** Clients that go on making, opening, changing and erasing keys, whatever happens to the server meanwhile. */
export function startWalkers(server: KeyServer, ledger: Ledger, clients: number): Walkers {
  const stopping = new AbortController()
  const { signal } = stopping
  const wrong: unknown[] = []
  const walk = () => walkOn({ server, ledger, signal }).catch((error: unknown) => void wrong.push(error))
  const walking = Array.from({ length: clients }, walk)
  const assertUnharmed = () => {
    if (wrong.length > 0) throw wrong[0]
  }
  return {
    assertUnharmed,
    stop: async () => {
      stopping.abort()
      await Promise.all(walking)
      assertUnharmed()
    },
  }
}

interface Walk {
  readonly server: KeyServer
  readonly ledger: Ledger
  readonly signal: AbortSignal
}

async function walkOn(walk: Walk): Promise<void> {
  while (!walk.signal.aborted) if ((await walkOnce(walk)) === 'nothing heard') await delay(20)
}

/** One key's life. A step without an answer ends it: nobody knows what a repetition would be told. */
async function walkOnce({ server, ledger, signal }: Walk): Promise<'nothing heard' | 'done'> {
  const [pin, next] = [newPin(), newPin()]
  const created = acknowledge(ledger, 201, await server.create(pin))
  if (!created) return 'nothing heard'
  const story = storyOf(fieldOf(created.text, 'id'), pin)
  ledger.stories.push(story)

  if (signal.aborted || !(await openOnce(story, pin, { server, ledger }))) return 'done'
  if (signal.aborted || !(await changeOnce(story, { old: pin, next }, { server, ledger }))) return 'done'
  if (signal.aborted || !(await openOnce(story, next, { server, ledger }))) return 'done'
  if (!signal.aborted && isErasedInTheEnd(story)) await eraseOnce(story, next, { server, ledger })
  return 'done'
}

type Part = Pick<Walk, 'server' | 'ledger'>

async function openOnce(story: KeyStory, pin: string, { server, ledger }: Part): Promise<boolean> {
  const opened = acknowledge(ledger, 200, await server.open(story.id, pin))
  if (!opened) return false
  const key = fieldOf(opened.text, 'encryptionKey')
  story.encryptionKey ??= key
  if (story.encryptionKey !== key) throw new Error(`the key ${story.id} is another one now`)
  return true
}

async function changeOnce(story: KeyStory, pins: { old: string; next: string }, { server, ledger }: Part) {
  story.pins = [pins.old, pins.next]
  if (!acknowledge(ledger, 200, await server.changePin(story.id, pins))) return false
  story.pins = [pins.next]
  story.pastPins = [pins.old]
  return true
}

async function eraseOnce(story: KeyStory, pin: string, { server, ledger }: Part): Promise<void> {
  story.fate = 'perhaps erased'
  if (acknowledge(ledger, 200, await server.erase(story.id, pin))) story.fate = 'erased'
}

function acknowledge(ledger: Ledger, status: number, heard: Heard): Heard {
  if (!heard) return undefined
  if (heard.status !== status) throw new Error(`${String(status)} was due, not ${String(heard.status)}: ${heard.text}`)
  ledger.acknowledged++
  return heard
}

const newPin = (): string => randomBytes(6).toString('hex')

/** A third of them; the id is random. */
const isErasedInTheEnd = ({ id }: KeyStory): boolean => Number.parseInt(id.slice(0, 4), 16) % 3 === 0
