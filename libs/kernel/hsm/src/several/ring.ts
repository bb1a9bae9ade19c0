import { readKeyIds } from '../envelope/key-ids.ts'
import type { Recipient } from '../envelope/envelope.ts'
import { HsmUnavailable, Unopenable, Unsupported } from '../errors.ts'
import type { OperationName, RequestOf, ResultOf } from '../operations/index.ts'
import type { Member } from './member.ts'

/** The tokens that one keystore stands on, and who of them is asked. */
export class Ring {
  /** The first one is home: signing keys are there. */
  readonly members: readonly [Member, ...Member[]]
  readonly #minRecipients: number

  constructor(members: readonly [Member, ...Member[]], minRecipients: number) {
    this.members = members
    this.#minRecipients = minRecipients
  }

  get healthy(): readonly Member[] {
    return this.members.filter((member) => member.isHealthy)
  }

  /** Throws `HsmUnavailable` where nobody could answer. */
  assertAvailable(): void {
    if (!this.members.some((member) => member.isHealthy)) this.members[0].assertAvailable()
  }

  /** Throws `HsmUnavailable` where too few would hold what is sealed. */
  assertHeldBy(recipients: number): void {
    const needed = Math.max(1, this.#minRecipients)
    if (recipients >= needed) return
    throw new HsmUnavailable(`${recipients} of ${this.members.length} tokens are healthy, to seal ${needed} are needed`)
  }

  assertWritable(): void {
    this.assertHeldBy(this.healthy.length)
  }

  /** One real round trip on each; done as soon as enough have answered. Throws `HsmUnavailable`. */
  async check(): Promise<void> {
    const needed = Math.max(1, this.#minRecipients)
    const { promise, resolve } = Promise.withResolvers<void>()
    let answered = 0
    const checks = this.members.map(async (member) => {
      await member.check()
      if (++answered === needed) resolve()
    })
    const all = Promise.allSettled(checks).then(() => this.assertHeldBy(answered))
    await Promise.race([promise, all])
  }

  readonly askAny = <Name extends OperationName>(name: Name, request: RequestOf<Name>): Promise<ResultOf<Name>> =>
    this.first(this.members, (member) => member.run(name, request))

  /** Throws `Unopenable` only when every token that may have a recipient was asked. */
  async askHolder<Name extends OperationName>(
    envelope: Uint8Array,
    name: Name,
    request: RequestOf<Name>,
  ): Promise<ResultOf<Name>> {
    return this.first(this.holdersOf(envelope), (member) => member.run(name, request))
  }

  /** Those with a recipient, and those of which nobody knows. Throws `Unopenable` for what is no envelope. */
  holdersOf(envelope: Uint8Array): readonly Member[] {
    const ids = readKeyIds(envelope)
    return this.members.filter((member) => ids.some((id) => member.hasKey(id) !== 'no'))
  }

  /**
   * The first answer of any; who is free comes first. Operations change nothing and compare nothing, so that asking again
   * is safe. An outage of one outweighs what the others could not open: it might have.
   */
  async first<T>(members: readonly Member[], ask: (member: Member) => Promise<T>): Promise<T> {
    let outage: HsmUnavailable | undefined
    let incapable: Unsupported | undefined
    for (const member of inOrder(members)) {
      try {
        return await ask(member)
      } catch (error) {
        if (error instanceof HsmUnavailable) outage ??= error
        else if (error instanceof Unsupported) incapable ??= error
        else if (!(error instanceof Unopenable)) throw error
      }
    }
    throw outage ?? incapable ?? new Unopenable()
  }

  /** By each of these that answers. Throws what is no outage. */
  async holdBy(
    members: readonly Member[],
    hold: (member: Member) => Promise<Recipient>,
  ): Promise<readonly Recipient[]> {
    const outcomes = await Promise.allSettled(members.map(hold))
    return outcomes.flatMap((outcome) => {
      if (outcome.status === 'fulfilled') return [outcome.value]
      if (outcome.reason instanceof HsmUnavailable) return []
      throw outcome.reason
    })
  }
}

/** Those that are away come last: they may be back when their turn comes. */
const inOrder = (members: readonly Member[]): readonly Member[] =>
  members.length < 2 ? members : members.toSorted((a, b) => burdenOf(a) - burdenOf(b))

const burdenOf = (member: Member): number => (member.isHealthy ? member.calls : Number.MAX_SAFE_INTEGER)
