import type { AccountsWorld } from '@strongroom/mpc-auth/testing/accounts'
import {
  concatHex,
  createPublicClient,
  decodeAbiParameters,
  decodeFunctionData,
  encodeAbiParameters,
  encodeFunctionData,
  getAddress,
  type Hash,
  type Hex,
  http,
  parseAbi,
  parseAbiItem,
  parseAbiParameters,
  toFunctionSelector,
} from 'viem'

/** Of the contracts, what a wallet with a node of its own needs; written from their source, not from our library. */
const account = parseAbi([
  'struct Call { address target; uint256 value; bytes data; }',
  'function execute(Call[] calls, uint256 deadline, bytes signature)',
  'function addSigner(bytes signer, uint64 weight)',
  'function removeSigner(bytes signer)',
  'function standing() view returns (bytes[] signers, uint64[] weights, uint64 threshold, uint256 nonce)',
])
const created = parseAbiItem('event AccountCreated(address indexed account, bytes32 indexed id)')
const signatureList = parseAbiParameters('bytes[] signers, bytes[] signatures')

const types = {
  EIP712Domain: [
    { name: 'name', type: 'string' },
    { name: 'version', type: 'string' },
    { name: 'chainId', type: 'uint256' },
    { name: 'verifyingContract', type: 'address' },
  ],
  Execute: [
    { name: 'calls', type: 'Call[]' },
    { name: 'nonce', type: 'uint256' },
    { name: 'deadline', type: 'uint256' },
  ],
  Call: [
    { name: 'target', type: 'address' },
    { name: 'value', type: 'uint256' },
    { name: 'data', type: 'bytes' },
  ],
}

const NOT_SIGNED = toFunctionSelector('NotSigned()')
const HOUR = 3600n
const WEIGHT = 500n

export type KeyKind = 'device' | 'passkey'
export type Change = {
  readonly kind: 'add-signer' | 'remove-signer'
  readonly publicKey: string
  readonly of?: KeyKind
}

/** The chain, seen past our API: by viem, at the node itself. */
export function chainSeen({ node, chain }: AccountsWorld) {
  const client = createPublicClient({ transport: http(node.url), pollingInterval: 50 })
  const at = (name: string) => String(chain[name]) as Hex
  const signerOf = (publicKey: string, of: KeyKind = 'device') =>
    concatHex([at(of === 'passkey' ? 'passkeyVerifier' : 'deviceVerifier'), `0x${publicKey}`]).toLowerCase() as Hex
  const standing = async (address: Hex) => {
    const [signers, weights, threshold, nonce] = await client.readContract({
      address,
      abi: account,
      functionName: 'standing',
    })
    const named = signers.map((signer, index) => [signer.slice(-128), Number(weights[index])] as const)
    return { weights: Object.fromEntries(named), threshold: Number(threshold), nonce }
  }
  return {
    client,
    chainId: node.chainId,
    /** Where contracts of this chain judge signatures. */
    verifiers: [at('deviceVerifier'), at('passkeyVerifier')].map((one) => one.toLowerCase()),
    standing,
    weighs: async (address: Hex, publicKey: string) => (await standing(address)).weights[publicKey],
    codeAt: (address: Hex) => client.getCode({ address }),
    receiptOf: (hash: string) => client.getTransactionReceipt({ hash: hash as Hash }),

    /** Typed data of a change as a wallet makes it that has a node of its own. */
    async describe(address: Hex, { kind, publicKey, of }: Change) {
      const [{ nonce }, { timestamp }] = await Promise.all([standing(address), client.getBlock()])
      const signer = signerOf(publicKey, of)
      const data =
        kind === 'add-signer'
          ? encodeFunctionData({ abi: account, functionName: 'addSigner', args: [signer, WEIGHT] })
          : encodeFunctionData({ abi: account, functionName: 'removeSigner', args: [signer] })
      const self = getAddress(address)
      const domain = { name: 'Strongroom Account', version: '1', chainId: node.chainId, verifyingContract: self }
      const calls = [{ target: self, value: '0', data }]
      const message = { calls, nonce: String(nonce), deadline: String(timestamp + HOUR) }
      return { evm: { domain, types, primaryType: 'Execute', message } }
    },

    /** Every account that the factory made: address by address, as often as it was made. */
    async created(): Promise<readonly string[]> {
      const logs = await client.getLogs({ address: at('factory'), event: created, fromBlock: 0n })
      return logs.map(({ args }) => String(args.account).toLowerCase())
    },

    /** What was sent to an account and moved it: the same once more with these of its signatures alone, one block before. */
    async tryWith(hash: string, which: (signer: string) => boolean): Promise<'moves' | 'moves nothing'> {
      const sent = await client.getTransaction({ hash: hash as Hash })
      const { functionName, args } = decodeFunctionData({ abi: account, data: sent.input })
      if (functionName !== 'execute' || !sent.to) throw new Error('it was no execution of an account')
      const [signers, signatures] = decodeAbiParameters(signatureList, args[2])
      const kept = signers.flatMap((signer, index) => {
        const signature = signatures[index]
        return which(signer.slice(-128)) && signature ? [{ signer, signature }] : []
      })
      const list = encodeAbiParameters(signatureList, [
        kept.map(({ signer }) => signer),
        kept.map(({ signature }) => signature),
      ])
      const data = encodeFunctionData({ abi: account, functionName: 'execute', args: [args[0], args[1], list] })
      const tried = client.call({ to: sent.to, data, blockNumber: (sent.blockNumber ?? 1n) - 1n })
      return tried.then(
        () => 'moves',
        (error: unknown) => {
          if (!String(error).includes(NOT_SIGNED)) throw error
          return 'moves nothing'
        },
      )
    },
  }
}
export type ChainSeen = ReturnType<typeof chainSeen>
