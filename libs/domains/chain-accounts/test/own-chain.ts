import { createHash, randomUUID } from 'node:crypto'
import {
  type AccountPlan,
  type Chain,
  type ChainName,
  ChainUnavailable,
  type StandingAccount,
} from '@strongroom/chains'
import { toHex } from '@strongroom/crypto'

/** A chain whose every word a test decides. */
export interface OwnChain extends Chain {
  /** Has what was queued stand where it belongs, as it was planned unless said. */
  mine(change?: (standing: StandingAccount) => StandingAccount): void
  /** Sent, and not mined yet. */
  send(): void
  standing(address: string): StandingAccount | undefined
  put(address: string, standing: StandingAccount): void
  away(isAway: boolean): void
  readonly queued: readonly AccountPlan[]
}

const addressOf = ({ accountId, signers, threshold }: AccountPlan): string => {
  const text = signers.map(({ publicKey, scheme, weight }) => [toHex(publicKey), scheme, weight])
  return `0x${createHash('sha256')
    .update(JSON.stringify([accountId, text, threshold]))
    .digest('hex')
    .slice(0, 40)}`
}

const hashOf = (id: string) => `0x${id.replaceAll('-', '').padEnd(64, '0')}`
const nothing = () => Promise.reject(new Error('this chain does not do that'))

export function ownChain(name: ChainName): OwnChain {
  const plans = new Map<string, AccountPlan>()
  const states = new Map<string, 'queued' | 'sent' | 'succeeded'>()
  const standing = new Map<string, StandingAccount>()
  let isAway = false
  const ask = <T>(answer: T): Promise<T> =>
    isAway ? Promise.reject(new ChainUnavailable('away')) : Promise.resolve(answer)
  return {
    name,
    type: 'evm',
    chainId: 31_337,
    get queued() {
      return [...plans.values()]
    },
    referenceOf: (hash) => `https://explorer.example/tx/${hash}`,
    addressOf,
    queueDeployment(_tx, plan) {
      const id = randomUUID()
      plans.set(id, plan)
      states.set(id, 'queued')
      return Promise.resolve(id)
    },
    deployedAddress: () => Promise.resolve(undefined),
    readAccount: (address) => ask(standing.get(address)),
    describeChange: nothing,
    decode: nothing,
    queueRequest: nothing,
    transaction(_statements, id) {
      const state = states.get(id)
      if (!state) return Promise.resolve(undefined)
      return Promise.resolve(state === 'queued' ? { state } : { state, hash: hashOf(id) })
    },
    outcomeOf: () => ask('unknown' as const),
    send() {
      for (const [id, state] of states) if (state === 'queued') states.set(id, 'sent')
    },
    mine(change = (one) => one) {
      for (const [id, { signers, threshold, ...plan }] of plans) {
        if (states.get(id) === 'succeeded') continue
        states.set(id, 'succeeded')
        const address = addressOf({ ...plan, signers, threshold })
        standing.set(address, change({ address, signers, threshold, isGenuine: true }))
      }
    },
    standing: (address) => standing.get(address),
    put: (address, account) => void standing.set(address, account),
    away: (value) => void (isAway = value),
  }
}
