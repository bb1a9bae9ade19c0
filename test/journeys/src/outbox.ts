import { eventually } from './eventually.ts'
import { worldFile } from './world.ts'
import type { State } from './state.ts'

/** A message, as the outbox shows it. A mail has a subject, an SMS has none. */
export interface Message {
  readonly id: string
  readonly subject: string
  readonly text: string
}

export interface Outbox {
  /** Oldest first. One that was sent again, because a kill left in doubt whether it was sent, is listed once. */
  messagesTo(address: string): Promise<Message[]>
  /** Waits for one that says so. */
  messageTo(address: string, saying: string): Promise<Message>
}

export function outboxOf(state: State): Outbox {
  const messagesTo = async (address: string) => {
    const answer = await fetch(new URL(`/messages?to=${encodeURIComponent(address)}`, worldFile(state).outbox))
    const newestFirst = (await answer.json()) as Message[]
    return [...new Map(newestFirst.toReversed().map((message) => [message.id, message])).values()]
  }
  const messageTo = async (address: string, saying: string) => {
    let found: Message | undefined
    await eventually(`${address} is told "${saying}"`, async () => {
      found = (await messagesTo(address)).findLast(({ subject, text }) => `${subject}\n${text}`.includes(saying))
      return found !== undefined
    })
    if (!found) throw new Error('unreachable')
    return found
  }
  return { messagesTo, messageTo }
}
