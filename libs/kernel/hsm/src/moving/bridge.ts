import { HsmRefusal } from '../errors.ts'
import { type Binding, type KeyRecord, loadable } from '../keystore.ts'
import type { TokenOptions } from '../keystore-options.ts'
import { openExecutor } from '../open-executor.ts'
import { completing } from '../several/complete-recipients.ts'
import { Member } from '../several/member.ts'
import { Ring } from '../several/ring.ts'

/** A token, and its keys as they are recorded. */
export interface Bank {
  readonly token: TokenOptions
  readonly keys: readonly KeyRecord[]
}

/** Carries values from one token to another while nothing else works with them. */
export interface Bridge {
  /** The same value with a recipient of both banks, or of the one that is left. `undefined`: it has them. Throws as `Keystore.completeRecipients`. */
  carry(envelope: Uint8Array, binding: Binding): Promise<Uint8Array | undefined>
  /** By which envelopes name the seal keys of that token. */
  keyIds(label: string): Promise<readonly Uint8Array[]>
  close(): Promise<void>
}

/**
 * Over banks that no keystore stands on together: from software to hardware the values are as safe as they were, as long as
 * it takes. Never the other way. Throws `HsmRefusal`, `Unsupported` or `HsmUnavailable`.
 */
export async function openBridge(banks: readonly [Bank, ...Bank[]]): Promise<Bridge> {
  const members: Member[] = []
  const close = async () => void (await Promise.allSettled(members.map((member) => member.close())))
  try {
    for (const { token, keys } of banks) {
      const open = () => openExecutor({ ...token, keys: loadable(keys) })
      const known = { label: token.tokenLabel, accept: () => undefined, log: () => undefined, random: Math.random }
      const member = new Member({ ...known, open })
      await member.join()
      members.push(member)
    }
    refuseDescent(members)
    const ring = new Ring(members as [Member, ...Member[]], members.length)
    return {
      carry: completing(ring).completeRecipients,
      async keyIds(label) {
        const names = await members.find((member) => member.label === label)?.run('sealKeys', {})
        return (names ?? []).map(({ keyId }) => keyId)
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

function refuseDescent([from, to]: readonly Member[]): void {
  if (from === undefined || to === undefined || from.describe().software || !to.describe().software) return
  const remedy = 'a value is as safe as the weakest token that opens it; move to hardware'
  throw new HsmRefusal('tokens-mixed', `"${from.label}" is hardware and "${to.label}" is software: ${remedy}`)
}
