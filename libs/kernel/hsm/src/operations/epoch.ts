import { type EpochMark, findMarks, makeMark, markForms, newestOf } from '../keys/epoch-marks.ts'
import { blamesDevice, DeviceError, isDeviceError } from '../pkcs11/device-error.ts'
import type { Session } from '../pkcs11/session.ts'
import type { OperationContext } from './operation.ts'

/** The newest number on the token; `undefined`: it holds none. */
export const readEpoch = ({ session, tenant }: OperationContext, _request: object): number | undefined =>
  newestOf(findMarks(session, tenant.app))

/**
 * The new mark is made, and found, before older ones are destroyed: a kill leaves one or two, never none. Answers the
 * newest number; `undefined` of a token that keeps marks in no form. Two at once leave the higher.
 */
export function raiseEpoch(context: OperationContext, { to }: { to: number }): number | undefined {
  const { tenant, openWriting } = context
  const marks = findMarks(context.session, tenant.app)
  const newest = newestOf(marks)
  if (newest !== undefined && newest >= to) return newest
  const made = markForms.some((form) =>
    apart(openWriting, (session) => {
      try {
        makeMark(form, session, { app: tenant.app, number: to })
      } catch (error) {
        if (!isDeviceError(error) || blamesDevice(error)) throw error
        return false
      }
      return reached(session, context) >= to
    }),
  )
  if (made) apart(openWriting, (session) => destroyAll(session, marks))
  // A token that has kept one before can keep another: this is no lack, but a fault.
  else if (newest !== undefined) throw new DeviceError('the epoch was not raised', 0, 'C_CreateObject')
  return made ? newestOf(findMarks(context.session, tenant.app)) : undefined
}

const reached = (session: Session, { tenant }: OperationContext): number =>
  newestOf(findMarks(session, tenant.app)) ?? 0

/** What stays is lower than what counts, and goes the next time. */
function destroyAll(session: Session, marks: readonly EpochMark[]): void {
  for (const { object } of marks) {
    try {
      session.destroyObject(object)
    } catch (error) {
      if (!isDeviceError(error)) throw error
    }
  }
}

function apart<T>(openWriting: () => Session, body: (session: Session) => T): T {
  const session = openWriting()
  try {
    return body(session)
  } finally {
    session.close()
  }
}
