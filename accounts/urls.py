from django.urls import path

from accounts import sign_in_views, views

app_name = "accounts"
urlpatterns = [
    path("register/", sign_in_views.RegisterView.as_view(), name="register"),
    path("sms-code/", sign_in_views.SmsCodeView.as_view(), name="sms_code"),
    path("login/", sign_in_views.LoginView.as_view(), name="login"),
    path("login/sms/", sign_in_views.SmsLoginView.as_view(), name="sms_login"),
    path("logout/", views.LogoutView.as_view(), name="logout"),
    path("password/reset/", sign_in_views.PasswordResetView.as_view(), name="password_reset"),
    path("password/", views.PasswordChangeView.as_view(), name="password_change"),
    path("devices/", views.DevicesView.as_view(), name="devices"),
    path("devices/end/", views.DevicesEndView.as_view(), name="devices_end"),
    path("devices/<int:pk>/end/", views.DeviceEndView.as_view(), name="device_end"),
    path("me/", views.MeView.as_view(), name="me"),
    path("notices/", views.NoticesView.as_view(), name="notices"),
    path("profile/", views.ProfileView.as_view(), name="profile"),
    path("avatar/", views.AvatarView.as_view(), name="avatar"),
    path("name/", views.NameView.as_view(), name="name"),
    path("real-name/", views.RealNameView.as_view(), name="real_name"),
]
