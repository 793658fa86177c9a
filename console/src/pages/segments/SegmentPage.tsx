import { TopBar } from '~/frame/TopBar'
export const SegmentPage = () => <TopBar title="SegmentPage" />
