import { eventually } from './eventually.ts'
import { hearSurely, type Heard, type KeyServer, type Verification } from './key-server.ts'
import type { Outbox } from './outbox.ts'

type Answer = NonNullable<Heard>

export interface Proof {
  readonly keyId: string
  readonly address: string
  /** How the code is asked for. */
  readonly ask: () => Promise<Heard>
  readonly body: Omit<Verification, 'code'>
  /** Whether what the code was to earn was earned, though nobody said so. */
  readonly isDone?: () => Promise<boolean>
}

export type Person = ReturnType<typeof personWith>

/**
 * Somebody who reads the messages to an address and types the codes. Where something was down meanwhile, and nobody knows
 * what was done, this person looks and asks once more.
 */
export function personWith({ server, outbox }: { server: KeyServer; outbox: Outbox }) {
  const codesTo = async (address: string) =>
    (await outbox.messagesTo(address)).flatMap(({ text }) => /code is: (\d{6})/.exec(text)?.[1] ?? [])

  async function proveOnce({ keyId, address, ask, body }: Proof): Promise<Answer> {
    const before = (await codesTo(address)).length
    const asked = await hearSurely(ask)
    if (asked.status >= 400) return asked
    let code: string | undefined
    await eventually(`a code comes to ${address}`, async () => {
      const codes = await codesTo(address)
      code = codes.length > before ? codes.at(-1) : undefined
      return code !== undefined
    })
    return hearSurely(() => server.verify(keyId, address, { ...body, code: code ?? '' }))
  }

  /** The last answer. A code that nobody knows is asked for anew: it was used unheard, or drawn again by whoever sent it. */
  async function prove(proof: Proof): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      const answer = await proveOnce(proof)
      if (answer.status !== 404 || attempt === 3) return answer
      if (await proof.isDone?.()) return { ...answer, status: 200 }
    }
  }

  return {
    /** Adds an address to a key and verifies it: whoever is told that it exists has done so before. */
    async addAddress(keyId: string, pin: string, address: string): Promise<void> {
      const ask = () => server.addUser(keyId, pin, address)
      const { status, text } = await prove({ keyId, address, ask, body: { op: 'verify' } })
      if (status !== 200 && status !== 409) throw new Error(`adding ${address} ends with ${String(status)} ${text}`)
    },
    /** A code for a reset, proved: to start it, to look how long it takes, or to complete it. */
    resetPin: (keyId: string, address: string, newPin: string): Promise<Answer> =>
      prove({
        keyId,
        address,
        ask: () => server.askReset(keyId, address),
        body: { op: 'reset-pin', newPin },
        isDone: async () => (await hearSurely(() => server.open(keyId, newPin))).status === 200,
      }),
  }
}
