export { requestScan, type ScanRequest } from './request-scan.ts'
export { makeScan, type ScanFields, type ScanWish } from './scan.ts'
export { type FaceStub, type FaceStubOptions, type FailureMode, startFaceStub } from './start-face-stub.ts'
