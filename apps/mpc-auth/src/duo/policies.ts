import { type Policies, usualPolicies } from '@strongroom/key-shares'
import type { ValuesOf } from '@strongroom/service'
import type { settings } from './settings.ts'

const MINUTE = 60

export const policiesFrom = (values: ValuesOf<typeof settings>): Policies => ({
  ...usualPolicies,
  devices: values.DEVICES_PER_USER,
  faces: { ...usualPolicies.faces, guesses: values.FACE_ATTEMPTS, window: values.FACE_WINDOW_MINUTES * MINUTE },
  faceEnrolment: values.FACE_ENROL_REQUIRES_DEVICE === 'true' ? 'by-device' : 'by-token',
  backups: values.BACKUP_REQUIRES_FACE === 'true' ? 'with-face' : 'by-token',
  eventsTo: values.EVENTS_WEBHOOK_URL === undefined ? 'nobody' : 'webhook',
})
