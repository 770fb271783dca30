"""First texts of the help pages; operators make them their own in the admin."""

from django.db import migrations

ARTICLES = {
    "help": (
        "帮助中心",
        """## 怎么预订
- 搜索想去的城区和日期，打开喜欢的房源
- 选好入住和离开的日子，确认晚数和合计，提交订单
- 房东会在规定时间内答复；没有答复，订单自动取消，这几晚重新开放

## 怎么当房东
- 先在「我的」里完成实名认证，每张身份证只能认证一个账号
- 发布房源，放几张能看清房间的照片
- 收到订单后尽快接单或拒单，拒单要写明原因

## 收不到验证码
请确认手机号没有写错，看看短信是不是被手机拦截了，一分钟后可以再发一次。同一个手机号一天能收到的条数有限。

## 忘了密码
在登录页点「重设密码」，用手机验证码设一个新的。

## 遇到问题
先和房东或房客商量；商量不好，请联系客服。""",
    ),
    "cancellation": (
        "取消规则",
        """## 房客取消
- 房东接单之前，随时可以取消
- 房东接单之后，入住日之前可以取消；从入住那天起不能自己取消，请联系客服

## 房东拒单
房东可以拒绝还没有接的订单，并且要写明原因。已经接的订单房东不能自己取消，确实接待不了请联系客服。

## 超时
房东在规定时间内没有答复，或者过了入住那一天，订单自动取消。

## 运营取消
房源有安全问题、内容不实或发生纠纷时，运营人员可能取消订单。双方都会看到原因。

订单取消后，这几晚立刻重新开放。""",
    ),
    "privacy": (
        "隐私说明",
        """## 我们保存什么
- 手机号：用来登录和接收验证码，不会给其他用户看到
- 名字和头像：您自己填写的，其他用户可以看到；没有填名字就显示为匿名用户
- 姓名和身份证号：房东实名认证时填写，加密保存，页面上只显示首尾两位
- 房源、订单和评价：提供服务所必需
- 登录时间、地址和设备：用来发现别人冒用您的账号，按法律要求保存一段时间

## 谁能看到
完整的身份证号只有经过授权的运营人员因工作需要才能查看，每次查看都会留下记录。我们不向他人出售您的信息；只在法律要求时向有关机关提供。

## 您可以做什么
- 修改名字和头像
- 带走自己的数据，或要求删除账号；法律要求保存的记录到期后删除

## 浏览器里保存什么
为了保持登录和防止冒用，我们在您的浏览器里保存必要的 Cookie，不用于广告。""",
    ),
}


def write(apps, schema_editor):
    HelpArticle = apps.get_model("ihome_site", "HelpArticle")
    for order, (slug, (title, body)) in enumerate(ARTICLES.items()):
        fields = {"title": title, "body": body, "order": order}
        HelpArticle.objects.get_or_create(slug=slug, defaults=fields)


def remove(apps, schema_editor):
    apps.get_model("ihome_site", "HelpArticle").objects.filter(slug__in=ARTICLES).delete()


class Migration(migrations.Migration):
    dependencies = [("ihome_site", "0002_roles")]

    operations = [migrations.RunPython(write, remove)]
