import { fromUtf8, Secret, sha256 } from '@strongroom/crypto'
import { wordlist } from '@scure/bip39/wordlists/english.js'

const WORDS = 25
const WORD_BITS = 11
const SHARE_BITS = 33 * 8
const CHECKSUM_BITS = 8

export type PhraseFault = 'length' | 'unknown-word' | 'checksum'

const sentences: Readonly<Record<PhraseFault, string>> = {
  length: `a recovery phrase has ${String(WORDS)} words`,
  'unknown-word': 'a word of the recovery phrase is not in the list',
  checksum: 'the words of the recovery phrase do not belong together',
}

/** Never says a word. */
export class PhraseError extends Error {
  readonly fault: PhraseFault
  /** Which word is unknown, the first being 1. */
  readonly word: number | undefined

  constructor(fault: PhraseFault, word?: number) {
    super(sentences[fault])
    this.name = 'PhraseError'
    this.fault = fault
    this.word = word
  }
}

/**
 * LearnCard's recovery phrase: the share's 264 bits, the first 8 of its SHA-256, 3 zeros, as 25 words of BIP 39's
 * English list. It is no BIP 39 mnemonic: those have 24 words at most.
 */
export function toPhrase(share: Secret): Secret {
  const bits = bitsOf(share.expose()) + checksumOf(share.expose())
  const padded = bits.padEnd(WORDS * WORD_BITS, '0')
  const groups = Array.from({ length: WORDS }, (_, at) => padded.slice(at * WORD_BITS, (at + 1) * WORD_BITS))
  return new Secret(groups.map((group) => wordlist[Number.parseInt(group, 2)]).join(' '))
}

/** Any case, any white space. @throws PhraseError */
export function fromPhrase(phrase: Secret): Secret {
  const words = fromUtf8(phrase.expose()).normalize('NFKD').trim().toLowerCase().split(/\s+/)
  if (words.length !== WORDS) throw new PhraseError('length')
  const bits = words.map((word, at) => bitsOfWord(word, at + 1)).join('')
  const share = bytesOf(bits.slice(0, SHARE_BITS))
  const checksum = checksumOf(share).padEnd(bits.length - SHARE_BITS, '0')
  if (bits.slice(SHARE_BITS) !== checksum) throw new PhraseError('checksum')
  return new Secret(share)
}

function bitsOfWord(word: string, place: number): string {
  const index = wordlist.indexOf(word)
  if (index < 0) throw new PhraseError('unknown-word', place)
  return index.toString(2).padStart(WORD_BITS, '0')
}

const checksumOf = (share: Uint8Array): string => bitsOf(sha256(share)).slice(0, CHECKSUM_BITS)

const bitsOf = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('')

const bytesOf = (bits: string): Uint8Array =>
  Uint8Array.from(bits.match(/.{8}/g) ?? [], (byte) => Number.parseInt(byte, 2))
