/** 按距离排: the position is asked for by a tap, used for one reading, and not kept anywhere. */
export function distanceText(metres: number | null | undefined): string {
  if (metres === null || metres === undefined) return ''
  return metres < 1000 ? `${Math.round(metres)} 米` : `${(metres / 1000).toFixed(1)} 公里`
}

/** Rounded to about ten metres: enough to say which centre is nearer. */
export const nearOf = (place: { latitude: number; longitude: number }): string =>
  `${place.latitude.toFixed(4)},${place.longitude.toFixed(4)}`

export function askPosition(): Promise<string> {
  return new Promise((resolve, reject) => {
    uni.getLocation({ type: 'wgs84', success: (place) => resolve(nearOf(place)), fail: () => reject(new PositionRefused()) })
  })
}

export class PositionRefused extends Error {}
