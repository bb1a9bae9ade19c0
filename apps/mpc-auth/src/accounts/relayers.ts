import { setTimeout as delay } from 'node:timers/promises'
import {
  ChainUnavailable,
  deployByRelayer,
  emptyRelayer,
  ensureRelayer,
  type EvmChain,
  gasKeysOf,
  type Standing,
  standingOf,
  switchRelayer,
} from '@strongroom/chains'
import { toHex } from '@strongroom/crypto'
import { type Command, CommandRefused, type Parts } from '@strongroom/service'
import { FLOW_PAYER_USE, servedChains } from './chains.ts'
import type { settings } from './settings.ts'

type Commands = Readonly<Record<string, Command<typeof settings>>>
type Own = Parts<typeof settings>

const PAUSE_MS = 2000
const pause = () => delay(PAUSE_MS)

/** Who pays on a chain: what operators may do about it. */
export const relayerCommands: Commands = {
  'list-relayers': {
    summary: 'who pays on each chain: address, state, balance, what is out; and the key that a payer on Flow needs',
    takes: [],
    run: (own) => list(own),
  },
  'replace-relayer': {
    summary: 'a new gas key for a chain; it wants money first, and pays once this is called again',
    takes: ['chain_name'],
    run: (own, [name]) => replace(own, chainNamed(own, name)),
  },
  'empty-relayer': {
    summary: 'what a relayer that was replaced has left goes to the one that pays now',
    takes: ['chain_name', 'address'],
    run: (own, [name, address = '']) => empty(own, chainNamed(own, name), address),
  },
  'deploy-contracts': {
    summary: 'the contracts of accounts, on a chain that has none yet; whoever pays there needs money first',
    takes: ['chain_name'],
    run: (own, [name]) => deployContracts(own, chainNamed(own, name)),
  },
}

const optionsOf = ({ database, hsm }: Own) => ({ database, gasKeys: gasKeysOf(hsm) })

function chainNamed({ settings: values }: Own, name: string | undefined): EvmChain {
  const chain = servedChains(values).evm.find((one) => one.name === name)
  if (!chain) throw new CommandRefused('CHAINS has no EVM chain of this name')
  return chain
}

const lineOf = (chain: string, { address, state, balance, out, isOurs }: Standing): string =>
  isOurs
    ? `${chain} ${address} ${state} balance ${balance === undefined ? 'unknown' : String(balance)} out ${String(out)}`
    : `${chain} ${address} IS NOT OURS, whoever wrote that: its key does not sign for it. Send no money there.`

/** A relayer’s key is made at the first call. */
async function list(own: Own): Promise<string> {
  const { settings: values, database, hsm } = own
  const { evm } = servedChains(values)
  const lines = await Promise.all(
    evm.map(async ({ name, relayed }) => {
      await ensureRelayer(database, gasKeysOf(hsm), name)
      return (await standingOf(optionsOf(own), relayed)).map((one) => lineOf(name, one))
    }),
  )
  const point = await hsm.publicKey(FLOW_PAYER_USE)
  return [...lines.flat(), `flow ${toHex(point.subarray(1))}`].join('\n')
}

async function replace(own: Own, { name, relayed }: EvmChain): Promise<string> {
  const { address, pays, wants } = await told(switchRelayer(optionsOf(own), relayed))
  return pays
    ? `${name} ${address} pays from now on`
    : `${name} ${address} wants ${String(wants)} wei at least: send it, and call this again`
}

async function empty(own: Own, { name, relayed: chain }: EvmChain, address: string): Promise<string> {
  const sent = await told(emptyRelayer(optionsOf(own), { chain, address, wait: pause }))
  return `${name} ${address} sent ${String(sent)} wei`
}

async function deployContracts(own: Own, { relayed }: EvmChain): Promise<string> {
  const contracts = await told(deployByRelayer(optionsOf(own), relayed, pause))
  return Object.entries(contracts)
    .map(([what, address]) => `${what} ${address}`)
    .join('\n')
}

/** A node that is away is no bug of ours. */
const told = <T>(work: Promise<T>): Promise<T> =>
  work.catch((error: unknown) => {
    if (error instanceof ChainUnavailable) throw new CommandRefused(error.message)
    throw error
  })
