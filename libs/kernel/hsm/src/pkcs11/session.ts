import type { Handle, KeyPair, Mechanism, PKCS11 } from 'pkcs11js'
import { CKA, CKF } from './cryptoki.ts'
import { toDeviceError } from './device-error.ts'
import { type AttributeName, type Attributes, toTemplate, viewAsBuffer } from './template.ts'

export type { Handle, Mechanism } from 'pkcs11js'

const MOST_FOUND = 64

/** RSA of 16384 bits wraps to so many. */
const MOST_WRAPPED_BYTES = 2048

/**
 * One PKCS#11 session, in our types and with one kind of error (`DeviceError`). Synchronous on purpose: the
 * asynchronous half of pkcs11js reads buffers that were collected meanwhile (its issue 121).
 */
export class Session {
  readonly #pkcs11: PKCS11
  readonly #handle: Handle

  constructor(pkcs11: PKCS11, slot: Handle, mode: 'read-only' | 'read-write') {
    const flags = CKF.serialSession | (mode === 'read-write' ? CKF.rwSession : 0)
    this.#pkcs11 = pkcs11
    this.#handle = attempt('C_OpenSession', () => pkcs11.C_OpenSession(slot, flags))
  }

  login(userType: number, pin: string): void {
    attempt('C_Login', () => this.#pkcs11.C_Login(this.#handle, userType, pin))
  }

  /** Never throws: a session that cannot be closed is gone already. */
  close(): void {
    try {
      this.#pkcs11.C_CloseSession(this.#handle)
    } catch {
      // Its handle is dead; the caller is about to forget it.
    }
  }

  encrypt(mechanism: Mechanism, key: Handle, data: Uint8Array): Uint8Array {
    return attempt('C_Encrypt', () => {
      this.#pkcs11.C_EncryptInit(this.#handle, mechanism, key)
      return takeBytes(this.#pkcs11.C_Encrypt(this.#handle, viewAsBuffer(data), Buffer.alloc(data.length + 64)))
    })
  }

  decrypt(mechanism: Mechanism, key: Handle, data: Uint8Array): Uint8Array {
    return attempt('C_Decrypt', () => {
      this.#pkcs11.C_DecryptInit(this.#handle, mechanism, key)
      return takeBytes(this.#pkcs11.C_Decrypt(this.#handle, viewAsBuffer(data), Buffer.alloc(data.length + 64)))
    })
  }

  sign(mechanism: number, key: Handle, data: Uint8Array): Uint8Array {
    return attempt('C_Sign', () => {
      this.#pkcs11.C_SignInit(this.#handle, { mechanism }, key)
      return takeBytes(this.#pkcs11.C_Sign(this.#handle, viewAsBuffer(data), Buffer.alloc(256)))
    })
  }

  wrapKey(mechanism: number | Mechanism, wrapper: Handle, key: Handle): Uint8Array {
    const means = typeof mechanism === 'number' ? { mechanism } : mechanism
    return attempt('C_WrapKey', () =>
      takeBytes(this.#pkcs11.C_WrapKey(this.#handle, means, wrapper, key, Buffer.alloc(MOST_WRAPPED_BYTES))),
    )
  }

  unwrapKey(wrapper: Mechanism & { key: Handle }, wrapped: Uint8Array, attributes: Attributes): Handle {
    const { key, ...means } = wrapper
    return attempt('C_UnwrapKey', () =>
      this.#pkcs11.C_UnwrapKey(this.#handle, means, key, viewAsBuffer(wrapped), toTemplate(attributes)),
    )
  }

  generateKey(mechanism: number, attributes: Attributes): Handle {
    return attempt('C_GenerateKey', () =>
      this.#pkcs11.C_GenerateKey(this.#handle, { mechanism }, toTemplate(attributes)),
    )
  }

  generateKeyPair(mechanism: number, halves: { publicKey: Attributes; privateKey: Attributes }): KeyPair {
    return attempt('C_GenerateKeyPair', () =>
      this.#pkcs11.C_GenerateKeyPair(
        this.#handle,
        { mechanism },
        toTemplate(halves.publicKey),
        toTemplate(halves.privateKey),
      ),
    )
  }

  createObject(attributes: Attributes): Handle {
    return attempt('C_CreateObject', () => this.#pkcs11.C_CreateObject(this.#handle, toTemplate(attributes)))
  }

  copyObject(object: Handle, attributes: Attributes): Handle {
    return attempt('C_CopyObject', () => this.#pkcs11.C_CopyObject(this.#handle, object, toTemplate(attributes)))
  }

  destroyObject(object: Handle): void {
    attempt('C_DestroyObject', () => this.#pkcs11.C_DestroyObject(this.#handle, object))
  }

  findObjects(attributes: Attributes): readonly Handle[] {
    return attempt('C_FindObjects', () => {
      this.#pkcs11.C_FindObjectsInit(this.#handle, toTemplate(attributes))
      try {
        return this.#findAll()
      } finally {
        this.#pkcs11.C_FindObjectsFinal(this.#handle)
      }
    })
  }

  #findAll(): readonly Handle[] {
    const found: Handle[] = []
    for (;;) {
      const more = this.#pkcs11.C_FindObjects(this.#handle, MOST_FOUND)
      found.push(...more)
      if (more.length < MOST_FOUND) return found
    }
  }

  /** No sized buffer goes in: pkcs11js would leak its native copy, with the value in it. */
  readAttribute(object: Handle, name: AttributeName): Uint8Array {
    return attempt('C_GetAttributeValue', () => {
      const [attribute] = this.#pkcs11.C_GetAttributeValue(this.#handle, object, [{ type: CKA[name] }])
      return takeBytes(attribute?.value ?? Buffer.alloc(0))
    })
  }

  drawRandom(length: number): Uint8Array {
    return attempt('C_GenerateRandom', () =>
      takeBytes(this.#pkcs11.C_GenerateRandom(this.#handle, Buffer.alloc(length))),
    )
  }
}

/** Plain bytes for the caller; the buffer that native code wrote to is wiped. */
function takeBytes(buffer: Buffer): Uint8Array {
  const bytes = new Uint8Array(buffer)
  buffer.fill(0)
  return bytes
}

function attempt<T>(method: string, call: () => T): T {
  try {
    return call()
  } catch (error) {
    throw toDeviceError(error, method)
  }
}
