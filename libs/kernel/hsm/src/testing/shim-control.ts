import { closeSync, openSync, readSync, writeFileSync, writeSync } from 'node:fs'
import type { ModuleSource } from '../pkcs11/module-registry.ts'

export const CONTROL_VARIABLE = 'STRONGROOM_SHIM_CONTROL'
export const MODULE_VARIABLE = 'STRONGROOM_SHIM_MODULE'

/** In the order of `CK_FUNCTION_LIST`, PKCS#11 2.40. */
export const shimmedFunctions = [
  'Initialize Finalize GetInfo GetFunctionList GetSlotList GetSlotInfo GetTokenInfo GetMechanismList GetMechanismInfo',
  'InitToken InitPIN SetPIN OpenSession CloseSession CloseAllSessions GetSessionInfo GetOperationState',
  'SetOperationState Login Logout CreateObject CopyObject DestroyObject GetObjectSize GetAttributeValue',
  'SetAttributeValue FindObjectsInit FindObjects FindObjectsFinal EncryptInit Encrypt EncryptUpdate EncryptFinal',
  'DecryptInit Decrypt DecryptUpdate DecryptFinal DigestInit Digest DigestUpdate DigestKey DigestFinal SignInit Sign',
  'SignUpdate SignFinal SignRecoverInit SignRecover VerifyInit Verify VerifyUpdate VerifyFinal VerifyRecoverInit',
  'VerifyRecover DigestEncryptUpdate DecryptDigestUpdate SignEncryptUpdate DecryptVerifyUpdate GenerateKey',
  'GenerateKeyPair WrapKey UnwrapKey DeriveKey SeedRandom GenerateRandom GetFunctionStatus CancelFunction',
  'WaitForSlotEvent',
].flatMap((line) => line.split(' ').map((name) => `C_${name}`))

const WORD = 8
const WORDS_EACH = 8
const HEAD_WORDS = 16
const MAGIC = 0x5354_524f_4e47_3131n
const words = {
  magic: 0,
  reset: 1,
  ownIv: 2,
  ivBytes: 3,
  asMade: 4,
  busyCalls: 5,
  busyCode: 6,
  standard: 7,
  renamed: 8,
} as const
const ruleWords = { calls: 0, after: 1, until: 2, code: 3, delayUs: 4, mood: 5, mayBeBusy: 6 } as const

/** The file that a shim maps, word by word. What is written holds from the next call on, in every process that uses it. */
export class ShimControl {
  readonly #file: number

  static make(path: string): void {
    const bytes = Buffer.alloc(WORD * (HEAD_WORDS + WORDS_EACH * shimmedFunctions.length))
    bytes.writeBigUInt64LE(MAGIC, 0)
    writeFileSync(path, bytes, { mode: 0o600 })
  }

  static isOf({ environment = {} }: ModuleSource): boolean {
    return environment[CONTROL_VARIABLE] !== undefined
  }

  /** Throws for a module that is no shim. */
  constructor({ environment = {} }: ModuleSource) {
    const path = environment[CONTROL_VARIABLE]
    if (path === undefined) throw new TypeError("no fault shim: softToken({ through: 'fault-shim' }) makes one")
    this.#file = openSync(path, 'r+')
  }

  set(word: keyof typeof words, value: bigint): void {
    this.#write(words[word], value)
  }

  read(method: string, word: keyof typeof ruleWords): bigint {
    const bytes = Buffer.alloc(WORD)
    readSync(this.#file, bytes, 0, WORD, WORD * placeOf(method, word))
    return bytes.readBigUInt64LE()
  }

  setRule(method: string, word: keyof typeof ruleWords, value: bigint): void {
    this.#write(placeOf(method, word), value)
  }

  close(): void {
    closeSync(this.#file)
  }

  #write(place: number, value: bigint): void {
    const bytes = Buffer.alloc(WORD)
    bytes.writeBigUInt64LE(value)
    writeSync(this.#file, bytes, 0, WORD, WORD * place)
  }
}

function placeOf(method: string, word: keyof typeof ruleWords): number {
  const index = shimmedFunctions.indexOf(method)
  if (index < 0) throw new TypeError(`PKCS#11 has no ${method}`)
  return HEAD_WORDS + WORDS_EACH * index + ruleWords[word]
}
