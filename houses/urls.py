from django.urls import path

from houses import calendar_page, views

app_name = "houses"
urlpatterns = [
    path("", views.HouseListView.as_view(), name="list"),
    path("count/", views.HouseCountView.as_view(), name="count"),
    path("mine/", views.MyHousesView.as_view(), name="mine"),
    path("new/", views.HouseCreateView.as_view(), name="new"),
    path("<int:pk>/", views.HouseDetailView.as_view(), name="detail"),
    path("<int:pk>/edit/", views.HouseEditView.as_view(), name="edit"),
    path("<int:pk>/images/", views.HouseImagesView.as_view(), name="images"),
    path("<int:pk>/calendar/", calendar_page.HouseCalendarView.as_view(), name="calendar"),
    path("<int:pk>/list/", views.HouseListingView.as_view(), name="list_house"),
    path("<int:pk>/unlist/", views.HouseListingView.as_view(is_listed=False), name="unlist_house"),
    path("images/<int:pk>/delete/", views.HouseImageDeleteView.as_view(), name="image_delete"),
    path("images/<int:pk>/cover/", views.HouseImageCoverView.as_view(), name="image_cover"),
    path("images/<int:pk>/move/", views.HouseImageMoveView.as_view(), name="image_move"),
]
