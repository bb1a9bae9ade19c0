import type { Template } from 'pkcs11js'
import { CKA } from './cryptoki.ts'

export type AttributeName = keyof typeof CKA
export type AttributeValue = boolean | number | string | Uint8Array
export type Attributes = Partial<Record<AttributeName, AttributeValue>>

/** Only names of the table are possible: an undefined attribute type aborts the whole process inside pkcs11js. */
export const toTemplate = (attributes: Attributes): Template =>
  (Object.entries(attributes) as [AttributeName, AttributeValue][]).map(([name, value]) => ({
    type: CKA[name],
    value: value instanceof Uint8Array ? viewAsBuffer(value) : value,
  }))

/** `CK_MECHANISM_TYPE[]`, as the attribute for allowed mechanisms holds it: `CK_ULONG`s of 8 bytes in host order. */
export const encodeMechanisms = (mechanisms: readonly number[]): Uint8Array =>
  new Uint8Array(new BigUint64Array(mechanisms.map(BigInt)).buffer)

/** A view, not a copy. An empty one points somewhere all the same: SoftHSM refuses a null pointer. */
export const viewAsBuffer = (bytes: Uint8Array): Buffer =>
  bytes.length === 0
    ? Buffer.alloc(16).subarray(0, 0)
    : Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length)
