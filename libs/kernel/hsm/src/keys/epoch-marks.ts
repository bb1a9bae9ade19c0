import { randomBytes } from 'node:crypto'
import { toUtf8 } from '@strongroom/crypto'
import { CKK, CKM, CKO } from '../pkcs11/cryptoki.ts'
import { blamesDevice, isDeviceError } from '../pkcs11/device-error.ts'
import type { Handle, Session } from '../pkcs11/session.ts'
import type { Attributes } from '../pkcs11/template.ts'

/** A number on the token: the last part of the label of an object that is good for nothing else. */
export interface EpochMark {
  readonly number: number
  readonly object: Handle
}

interface MarkForm {
  /** What all marks of this form are found by; which app's they are, their label tells. */
  readonly kind: Attributes
  make(session: Session, label: string): void
}

const application = 'strongroom/epoch'
const LOOKS = 3

const dataForm: MarkForm = {
  kind: { class: CKO.data, token: true, private: true, application },
  make(session, label) {
    session.createObject({ ...this.kind, label, value: toUtf8(label) })
  },
}

const idle: Attributes = { encrypt: false, decrypt: false, sign: false, verify: false, wrap: false, unwrap: false }

/** For tokens that keep no data: a key that may do nothing. */
const keyForm: MarkForm = {
  kind: { class: CKO.secretKey, keyType: CKK.aes, token: true, private: true, ...idle },
  make(session, label) {
    // NSS keeps one secret key for each id, and a second would overwrite the first.
    const place = { label, id: randomBytes(16), sensitive: true, extractable: false, valueLength: 32 }
    session.generateKey(CKM.aesKeyGen, { ...this.kind, ...place })
  },
}

export const markForms: readonly MarkForm[] = [dataForm, keyForm]

const labelOf = (app: string, number: number): string => `strongroom/${app}/epoch/${String(number)}`

export function makeMark(form: MarkForm, session: Session, { app, number }: { app: string; number: number }): void {
  form.make(session, labelOf(app, number))
}

/** Every mark of the app, in whatever form. Throws `DeviceError`. */
export function findMarks(session: Session, app: string): readonly EpochMark[] {
  return markForms.flatMap(({ kind }) => findOfKind(session, { kind, app }))
}

export const newestOf = (marks: readonly EpochMark[]): number | undefined =>
  marks.length === 0 ? undefined : Math.max(...marks.map(({ number }) => number))

/**
 * Another process may destroy an old mark between the search and the reading: then a newer one is there, so the search is
 * made again. What a kill left half written never can be read, and is no mark.
 */
function findOfKind(session: Session, { kind, app }: { kind: Attributes; app: string }): readonly EpochMark[] {
  for (let look = 1; ; look++) {
    const objects = session.findObjects(kind)
    const labels = objects.map((object) => readLabel(session, object))
    if (!labels.includes(undefined) || look === LOOKS) {
      return objects.flatMap((object, at) => {
        const number = numberIn(labels[at] ?? '', app)
        return number === undefined ? [] : [{ number, object }]
      })
    }
  }
}

const OBJECT_HANDLE_INVALID = 0x82

function readLabel(session: Session, object: Handle): string | undefined {
  try {
    return Buffer.from(session.readAttribute(object, 'label')).toString('utf8')
  } catch (error) {
    if (!isDeviceError(error) || (blamesDevice(error) && error.code !== OBJECT_HANDLE_INVALID)) throw error
    return undefined
  }
}

function numberIn(label: string, app: string): number | undefined {
  const prefix = labelOf(app, 0).slice(0, -1)
  const digits = label.startsWith(prefix) ? label.slice(prefix.length) : ''
  return /^[1-9]\d{0,14}$/.test(digits) ? Number(digits) : undefined
}
