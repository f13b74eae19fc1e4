/** The camera as a scanner: WeChat's own in the mini-program, the browser's barcode reader where it has one. */
interface Detector {
  detect(from: HTMLVideoElement): Promise<{ rawValue: string }[]>
}
type DetectorClass = new (options: { formats: string[] }) => Detector

const LOOK_MS = 250

// #ifdef H5
const detectorClass = (): DetectorClass | undefined => (window as unknown as { BarcodeDetector?: DetectorClass }).BarcodeDetector
// #endif

function able(): boolean {
  // #ifdef H5
  return Boolean(detectorClass() && navigator.mediaDevices?.getUserMedia)
  // #endif
  // #ifndef H5
  return true
  // #endif
}
export const canScan = able()

/** Show the camera in the element and hand over the first code seen; the answer stops it. H5 only. */
export async function startScan(place: string, found: (text: string) => void): Promise<() => void> {
  // #ifdef H5
  const Reader = detectorClass()
  if (!Reader) throw new Error('no barcode reader')
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } })
  const video = document.createElement('video')
  video.style.width = '100%'
  video.setAttribute('playsinline', '')
  video.srcObject = stream
  document.getElementById(place)?.replaceChildren(video)
  await video.play()
  const reader = new Reader({ formats: ['qr_code'] })
  const timer = setInterval(() => {
    reader.detect(video).then(
      ([code]) => {
        if (!code) return
        stop()
        found(code.rawValue)
      },
      () => undefined,
    )
  }, LOOK_MS)
  const stop = () => {
    clearInterval(timer)
    stream.getTracks().forEach((track) => track.stop())
    video.remove()
  }
  return stop
  // #endif
  // #ifndef H5
  return () => undefined
  // #endif
}
