export { applicationKey, applicationKeyRefused } from './application-key.ts'
export { basicPin, Pin } from './basic-pin.ts'
