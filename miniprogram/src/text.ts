/** Sentences used in more than one place or said by logic. Short, spoken, saying what happens next. */
export const texts = {
  noNetwork: '没有收到回应，还不能算办成。有信号后再点一次，不会重复办。',
  serverTrouble: '系统正忙，没有办成。请稍等再试一次。',
  loadFailed: '没能取到内容',
  stillSafe: '已经约好、签到的都不受影响。',
  loadFailedOffline: '没有网络，这页还没有存过',
  retry: '重试',
  signInFirst: '登录后可以看到',
  freeOfCharge: '免费',
}

export const zoneNames: Record<string, string> = { male: '男区', female: '女区', any: '不分区', family: '家庭间' }

export const bookingStates: Record<string, string> = {
  requested: '等待确认',
  confirmed: '已约好',
  checked_in: '使用中',
  completed: '已完成',
  cancelled: '已取消',
  no_show: '没有到',
  moved: '已改期',
  displaced: '因中心原因取消',
  refused: '未获同意',
  lapsed: '已过期',
  overstayed: '超时使用',
}

export const registrationStates: Record<string, string> = {
  registered: '已报名',
  waitlisted: '候补中',
  cancelled: '已取消报名',
  attended: '已签到',
  late: '已签到（迟到）',
  on_leave: '已请假',
  leave_asked: '请假待批',
  asked: '请假待批',
  absent: '未到',
  excused: '免于参加',
  expected: '应到',
}

export const policyStates: Record<string, string> = {
  open: '正在申报',
  closing_soon: '快截止了',
  upcoming: '还没开始',
  closed: '已截止',
  suspended: '暂停',
  repealed: '已废止',
}

export const policyMarks: Record<string, string> = { open: 'word-ok', closing_soon: 'word-warn', suspended: 'word-stop' }

export const verdictWords: Record<string, string> = {
  eligible_open: '现在可以申报',
  eligible_upcoming: '符合，等开放申报',
  eligible_closed: '符合，但已截止',
  ineligible: '暂不符合',
  undetermined: '还差信息，没法判断',
  near_miss: '只差一点',
}

export const levelNames: Record<string, string> = {
  national: '国家级',
  provincial: '省级',
  province: '省级',
  municipal: '市级',
  city: '市级',
  district: '区级',
}

export const demandStates: Record<string, string> = {
  draft: '草稿',
  submitted: '已提交',
  accepted: '已受理',
  assigned: '已派单',
  in_progress: '办理中',
  resolved: '已答复',
  closed: '已办结',
  returned: '已退回',
  transferred: '已转办',
  co_handled: '会办中',
  waiting_requester: '等您补充',
  suspended: '暂停办理',
  for_meeting: '提交会议',
  rejected: '未受理',
  merged: '已合并',
  withdrawn: '已撤回',
  reopened: '重新办理',
}

export const roleNames: Record<string, string> = {
  driver: '司机',
  employee: '员工',
  member: '党员',
  activist: '入党积极分子',
  branch_secretary: '支部书记',
  chain_office: '链办',
  rotating_secretary: '轮值书记',
  enterprise_contact: '企业联络员',
  dept_handler: '部门经办人',
  dept_editor: '部门政策员',
  centre_staff: '值班员',
  adviser: '指导员',
  district_admin: '区管理员',
}
