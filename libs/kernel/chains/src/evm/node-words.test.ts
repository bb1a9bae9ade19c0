import { describe, expect, test } from 'vitest'
import { isAnswer, type Meaning, meaningOf } from './node-words.ts'

const said: Readonly<Record<string, readonly (readonly [string, Meaning])[]>> = {
  'geth and bor': [
    ['already known', 'held'],
    ['known transaction: 4f7b1c', 'held'],
    ['nonce too low: next nonce 7, tx nonce 5', 'passed'],
    ['nonce too low: address 0x00000000000000000000000000000000000000aa, tx: 5 state: 7', 'passed'],
    ['transaction underpriced: gas tip cap 1000, minimum needed 25000000000', 'cheap'],
    ['replacement transaction underpriced: new tx gas fee cap 5 <= 5 queued', 'cheap'],
    ['max fee per gas less than block base fee: maxFeePerGas: 1, baseFee: 7', 'cheap'],
    ['insufficient funds for gas * price + value: balance 0, tx cost 21000, overshot 21000', 'funds'],
    ['txpool is full', 'wait'],
    ['nonce too high: address 0x00000000000000000000000000000000000000aa, tx: 9 state: 7', 'wait'],
    ['future transaction tries to replace pending', 'wait'],
    ['in-flight transaction limit reached for delegated accounts', 'wait'],
    ['intrinsic gas too low: gas 20000, minimum needed 21000', 'never'],
    ['insufficient gas for floor data gas cost: gas 21000, minimum needed 40000', 'never'],
    ['exceeds block gas limit', 'never'],
    ['transaction gas limit too high (cap: 16777216, tx: 20000000)', 'never'],
    ['invalid sender', 'never'],
    ['max priority fee per gas higher than max fee per gas: 2 > 1', 'never'],
    ['tx fee (1.20 ether) exceeds the configured cap (1.00 ether)', 'odd'],
  ],
  erigon: [
    ['ALREADY_EXISTS: already known', 'held'],
    ['INTERNAL_ERROR: existing tx with same hash', 'held'],
    ['existing txn with same hash', 'held'],
    ['nonce too low', 'passed'],
    ['underpriced', 'cheap'],
    ['fee too low', 'cheap'],
    ['could not replace existing tx', 'cheap'],
    ['insufficient funds', 'funds'],
    ['baseFee sub-pool is full', 'wait'],
    ['IntrinsicGas', 'never'],
    ['RLPTooLong', 'never'],
    ['fork supporting this transaction type is not activated yet', 'never'],
  ],
  nethermind: [
    ['AlreadyKnown', 'held'],
    ['OldNonce, Current nonce: 7, nonce of rejected tx: 5', 'passed'],
    ['nonce too low', 'passed'],
    ['FeeTooLow, MaxFeePerGas too low. MaxFeePerGas: 1, BaseFee: 7, MaxPriorityFeePerGas:1, Block number: 3', 'cheap'],
    ['FeeTooLowToCompete', 'cheap'],
    ['ReplacementNotAllowed', 'cheap'],
    ['InsufficientFunds, Account balance: 0, cumulative cost: 21000', 'funds'],
    ['NonceGap, Future nonce. Expected nonce: 7', 'wait'],
    ['nonce too far in future', 'wait'],
    ['GasLimitExceeded, Gas limit: 30000000, gas limit of rejected tx: 40000000', 'never'],
    ['Int256Overflow', 'never'],
    ['failed to recover sender', 'never'],
  ],
  besu: [
    ['Known transaction', 'held'],
    ['Nonce too low', 'passed'],
    ['Replacement transaction underpriced', 'cheap'],
    ['Transaction underpriced', 'cheap'],
    ['Gas price below configured minimum gas price', 'cheap'],
    ['Gas price below current base fee', 'cheap'],
    ['Upfront cost exceeds account balance', 'funds'],
    ['Transaction nonce is too distant from current sender nonce', 'wait'],
    ['Nonce too high', 'wait'],
    ['An invalid transaction with a lower nonce exists', 'wait'],
    ['Initial sync is still in progress', 'wait'],
    ['Intrinsic gas exceeds gas limit', 'never'],
    ['Transaction gas limit exceeds block gas limit', 'never'],
    ['Invalid signature', 'never'],
    ['Wrong chainId', 'never'],
    ['Transaction fee cap exceeded', 'odd'],
  ],
  reth: [
    ['already known', 'held'],
    ['nonce too low: next nonce 7, tx nonce 5', 'passed'],
    ['replacement transaction underpriced', 'cheap'],
    ['insufficient funds for transfer', 'funds'],
    ['txpool is full', 'wait'],
    ['max initcode size exceeded', 'never'],
  ],
  'anvil and hardhat': [
    ['transaction already imported', 'held'],
    ['Known transaction: 0x4f7b', 'held'],
    ['Nonce too low. Expected nonce to be 7 but got 5.', 'passed'],
    ['Transaction maxFeePerGas (1) is too low for the next block, which has a baseFeePerGas of 7', 'cheap'],
    ['Insufficient funds for gas * price + value', 'funds'],
    ["Sender doesn't have enough funds to send tx.", 'funds'],
    ['Transaction gas limit is 40000000 and exceeds block gas limit of 30000000', 'never'],
  ],
  openethereum: [
    ['Transaction with the same hash was already imported.', 'held'],
    ['Transaction nonce is too low. Try incrementing the nonce.', 'passed'],
    ["Transaction gas price is too low. It does not satisfy your node's minimal gas price", 'cheap'],
    ['Transaction gas price 1wei is too low. There is another transaction with same nonce in the queue', 'cheap'],
    ['There are too many transactions in the queue. Your transaction was dropped due to limit.', 'wait'],
    ['Transaction gas is too low. There is not enough gas to cover minimal cost of the transaction', 'never'],
  ],
  nobody: [
    ['unknown transaction type', 'odd'],
    ['the moon is in the wrong house', 'odd'],
    ['', 'odd'],
  ],
}

describe.each(Object.entries(said))('of %s', (_client, sentences) => {
  test.each(sentences)('“%s” means %s', (message, meaning) => {
    expect(meaningOf({ message })).toBe(meaning)
  })
})

test.each([
  ['execution reverted', true],
  ['VM Exception while processing transaction: revert', true],
  ['Transaction gas limit exceeds block gas limit', true],
  ['already known', true],
  ['daily request count exceeded, request rate limited', false],
  ['Internal error', false],
])('whether “%s” answers what was asked: %s', (message, expected) => {
  expect(isAnswer({ message })).toBe(expected)
})
