/**
 * What a node means when it does not take signed bytes. `held`: it, or a block, has them. `passed`: that nonce is used in a
 * block. `cheap`: it wants more for gas. `funds`: the relayer cannot pay. `wait`: not now, and the same bytes later. `never`:
 * no node will take these bytes. `odd`: nothing that we can mend, or that we know.
 */
export type Meaning = 'held' | 'passed' | 'cheap' | 'funds' | 'wait' | 'never' | 'odd'

type Words = Partial<Record<Meaning, readonly string[]>>

// There is no standard. `…` stands for numbers and names; case does not count, and a phrase may stand within a sentence.
const ofGeth: Words = {
  held: ['already known', 'known transaction'],
  passed: ['nonce too low'],
  cheap: ['underpriced', 'less than block base fee'],
  funds: ['insufficient funds', 'insufficient balance for transfer'],
  wait: [
    'nonce too high',
    'txpool is full',
    'future transaction tries to replace pending',
    'account limit exceeded',
    'in-flight transaction limit reached',
    'gapped-nonce tx from delegated accounts',
    'address already reserved',
  ],
  never: [
    'intrinsic gas too low',
    'insufficient gas for floor data gas cost',
    'exceeds block gas limit',
    'transaction gas limit too high',
    'gas uint64 overflow',
    'oversized data',
    'max initcode size exceeded',
    'negative value',
    'invalid sender',
    'invalid chain id',
    'transaction type not supported',
    'higher than max fee per gas',
  ],
  // A cap of the node’s own: more would not help.
  odd: ['tx fee … exceeds the configured cap'],
}

const ofErigon: Words = {
  held: ['existing tx with same hash', 'existing txn with same hash'],
  cheap: ['fee too low', 'could not replace existing tx', 'replaced by transaction with higher tip'],
  wait: ['sub-pool is full', 'spammer'],
  never: [
    'IntrinsicGas',
    'GasUintOverflow',
    'RLPTooLong',
    'initcode too large',
    'gas limit is too high',
    'fork supporting this transaction type is not activated',
  ],
}

const ofNethermind: Words = {
  held: ['AlreadyKnown', 'OwnNonceAlreadyUsed'],
  passed: ['OldNonce'],
  cheap: ['FeeTooLow', 'FeeTooLowToCompete', 'ReplacementNotAllowed'],
  funds: ['InsufficientFunds'],
  wait: ['NonceGap', 'NonceTooFarInFuture', 'nonce too far in future', 'NotCurrentNonceForDelegation', 'Syncing'],
  never: [
    'GasLimitExceeded',
    'gas limit reached',
    'Int256Overflow',
    'transaction cost overflow',
    'FailedToResolveSender',
    'failed to recover sender',
    'SenderIsContract',
    'sender not an eoa',
    'MaxTxSizeExceeded',
  ],
}

const ofBesu: Words = {
  cheap: ['gas price below configured minimum', 'gas price below current base fee'],
  funds: ['upfront cost exceeds account balance'],
  wait: [
    'nonce is too distant',
    'incorrect nonce',
    'an invalid transaction with a lower nonce exists',
    'initial sync is still in progress',
  ],
  never: [
    'intrinsic gas exceeds gas limit',
    'invalid signature',
    'wrong chainid',
    'wrong chain id',
    'chainid not supported',
  ],
  odd: ['transaction fee cap exceeded', 'invalid transaction type'],
}

/** Reth says what geth says, and anvil nearly. */
const ofAnvilAndHardhat: Words = {
  held: ['transaction already imported'],
  passed: ['nonce has already been used'],
  cheap: ['is too low for the next block'],
  funds: ["doesn't have enough funds"],
  never: ['gas limit too high', 'intrinsic gas too high', 'exceeds the gas cap', 'unsupported transaction type'],
}

const ofOpenEthereum: Words = {
  held: ['was already imported'],
  passed: ['nonce is too low'],
  cheap: ['transaction gas price … too low'],
  wait: ['too many transactions in the queue'],
  never: ['transaction gas is too low', 'transaction cost exceeds current gas limit'],
}

const clients = [ofGeth, ofErigon, ofNethermind, ofBesu, ofAnvilAndHardhat, ofOpenEthereum]

/** What comes first is said first: a cap on fees is no low fee. */
const order: readonly Meaning[] = ['odd', 'held', 'passed', 'funds', 'wait', 'never', 'cheap']

const escaped = (phrase: string): string =>
  phrase
    .split('…')
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
    .join('.*')

const table = order.map((meaning) => {
  const phrases = clients.flatMap((words) => words[meaning] ?? []).map(escaped)
  // Whole words: an unknown transaction type is no known transaction.
  return [meaning, new RegExp(String.raw`(?<!\w)(?:${phrases.join('|')})(?!\w)`, 'i')] as const
})

export const meaningOf = ({ message }: { readonly message: string }): Meaning =>
  table.find(([, words]) => words.test(message))?.[0] ?? 'odd'

const CALL_FAILED = /\brevert|vm exception|out of gas|gas required exceeds/i

/** Whether it is an answer about what was asked, under whatever code: some nodes call those “internal error”, or a limit. */
export const isAnswer = (said: { readonly message: string }): boolean =>
  meaningOf(said) !== 'odd' || CALL_FAILED.test(said.message)
