/** The camera as a scanner: WeChat's own in the mini-program; in the browser its barcode reader, else one of ours. */
interface Detector {
  detect(from: HTMLVideoElement): Promise<{ rawValue: string }[]>
}
type DetectorClass = new (options: { formats: string[] }) => Detector
type Look = (video: HTMLVideoElement) => Promise<string | null>

const LOOK_MS = 250
const WIDEST = 640

function able(): boolean {
  // #ifdef H5
  return Boolean(navigator.mediaDevices?.getUserMedia)
  // #endif
  // #ifndef H5
  return true
  // #endif
}
export const canScan = able()

// #ifdef H5
/** iPhones have no barcode reader for pages: ours reads the picture itself. */
async function eye(): Promise<Look> {
  const Reader = (window as unknown as { BarcodeDetector?: DetectorClass }).BarcodeDetector
  if (Reader) {
    const reader = new Reader({ formats: ['qr_code'] })
    return async (video) => (await reader.detect(video))[0]?.rawValue ?? null
  }
  const { default: jsQR } = await import('jsqr')
  const canvas = document.createElement('canvas')
  const picture = canvas.getContext('2d', { willReadFrequently: true })
  return async (video) => {
    if (!picture || !video.videoWidth) return null
    const share = Math.min(1, WIDEST / video.videoWidth)
    canvas.width = Math.round(video.videoWidth * share)
    canvas.height = Math.round(video.videoHeight * share)
    picture.drawImage(video, 0, 0, canvas.width, canvas.height)
    const { data, width, height } = picture.getImageData(0, 0, canvas.width, canvas.height)
    return jsQR(data, width, height)?.data ?? null
  }
}
// #endif

/** Show the camera in the element and hand over the first code seen; the answer stops it. H5 only. */
export async function startScan(place: string, found: (text: string) => void): Promise<() => void> {
  // #ifdef H5
  const look = await eye()
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } })
  const video = document.createElement('video')
  video.style.width = '100%'
  video.setAttribute('playsinline', '')
  video.muted = true
  video.srcObject = stream
  document.getElementById(place)?.replaceChildren(video)
  await video.play()
  let over = false
  const stop = () => {
    over = true
    stream.getTracks().forEach((track) => track.stop())
    video.remove()
  }
  const next = async (): Promise<void> => {
    const text = await look(video).catch(() => null)
    if (over) return
    if (!text) return void setTimeout(() => void next(), LOOK_MS)
    stop()
    found(text)
  }
  void next()
  return stop
  // #endif
  // #ifndef H5
  return () => undefined
  // #endif
}
