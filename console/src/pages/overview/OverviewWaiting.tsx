import { Waiting } from '~/parts/States'
import pageStyles from '~/parts/Page.module.css'
import styles from './OverviewPage.module.css'

/** What marketing brings, while it is reckoned. */
export function LiftWaiting() {
  return (
    <div className={pageStyles.card}>
      <Waiting rows={1} height={190} />
    </div>
  )
}

/** The overview's shape while its numbers are on their way. */
export function OverviewWaiting() {
  return (
    <>
      <div className={pageStyles.card}>
        <Waiting rows={1} height={80} />
      </div>
      <div className={styles.pair}>
        <div className={pageStyles.card}>
          <Waiting rows={1} height={370} />
        </div>
        <div className={pageStyles.card}>
          <Waiting rows={8} height={36} />
        </div>
      </div>
    </>
  )
}
